export const NAME_STYLES = ['kebab-case', 'camelCase', 'PascalCase', 'snake_case'] as const
export type NameStyle = (typeof NAME_STYLES)[number]

/** `plain`: one word in lower case, which three of the styles would write alike. */
export function nameStyleOf(name: string): NameStyle | 'plain' | 'other' {
  if (/^[a-z][a-z0-9]*$/.test(name)) return 'plain'
  if (/^[a-z][a-z0-9]*(?:-[a-z0-9]+)+$/.test(name)) return 'kebab-case'
  if (/^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/.test(name)) return 'snake_case'
  if (/^[a-z][A-Za-z0-9]*$/.test(name)) return 'camelCase'
  return /^[A-Z][A-Za-z0-9]*$/.test(name) && (/[a-z]/.test(name) || name.length === 1) ? 'PascalCase' : 'other'
}

export function isNameStyle(value: string): value is NameStyle {
  return NAME_STYLES.some((style) => style === value)
}

export function follows(name: string, style: NameStyle): boolean {
  const own = nameStyleOf(name)
  return own === style || (own === 'plain' && style !== 'PascalCase')
}

export function inStyle(name: string, style: NameStyle): string {
  const words = wordsOf(name)
  if (style === 'kebab-case') return words.join('-')
  if (style === 'snake_case') return words.join('_')
  const capital = words.map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`).join('')
  return style === 'PascalCase' ? capital : `${words[0] ?? ''}${capital.slice(words[0]?.length ?? 0)}`
}

function wordsOf(name: string): readonly string[] {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1 $2')
    .replaceAll(/([A-Z])([A-Z][a-z])/g, '$1 $2')
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== '')
    .map((word) => word.toLowerCase())
}
