/** How a manifest restricts the versions of a package: `caret` is `^1.2.3`, `other` any other range. */
export type VersionStyle = 'exact' | 'caret' | 'tilde' | 'minimum' | 'compatible' | 'other'

export const STYLE_NAMES: Readonly<Record<VersionStyle, string>> = {
  exact: 'exact versions',
  caret: 'ranges with ^',
  tilde: 'ranges with ~',
  minimum: 'ranges with >=',
  compatible: 'ranges with ~=',
  other: 'other ranges',
}

const OPERATORS: Readonly<Record<string, VersionStyle>> = {
  '': 'exact',
  '=': 'exact',
  '==': 'exact',
  '===': 'exact',
  '^': 'caret',
  '~': 'tilde',
  '>=': 'minimum',
  '~=': 'compatible',
}

/** null for what is no version of a registry: `workspace:*`, `catalog:`, a URL, `latest`, nothing. */
export function versionStyleOf(range: string): VersionStyle | null {
  const text = range.trim()
  if (text === '' || text === '*' || text.length > 200 || text.includes(':') || !/\d/.test(text)) return null
  const found = /^([=<>^~!]{0,3}) ?v?(\d[\w.+*-]*)$/.exec(text)
  if (found === null) return /^[\d\s.,|&<>=^~!*xXv+()[\]\w-]+$/.test(text) ? 'other' : null
  const [, operator = '', version = ''] = found
  const style = Object.hasOwn(OPERATORS, operator) ? OPERATORS[operator] : undefined
  // `1.2` and `1.x` leave the rest open.
  if (style === 'exact' && operator === '' && !/^\d+\.\d+\.\d+/.test(version)) return 'other'
  return style ?? 'other'
}

/** The same version in another style; null when the range names more than one. */
export function withStyle(range: string, style: VersionStyle, ecosystem: 'npm' | 'python'): string | null {
  const version = /^[=<>^~!]{0,3} ?v?(\d[\w.+-]*)$/.exec(range.trim())?.[1]
  if (version === undefined || style === 'other') return null
  const operator = { exact: ecosystem === 'npm' ? '' : '==', caret: '^', tilde: '~', minimum: '>=', compatible: '~=' }
  return `${operator[style]}${version}`
}

/** Whether two ranges are written alike, apart from blanks. */
export function isSameRange(a: string, b: string): boolean {
  return plain(a) === plain(b)
}

function plain(range: string): string {
  return range.replaceAll(/\s/g, '').replace(/^=?v?(?=\d)/, '')
}
