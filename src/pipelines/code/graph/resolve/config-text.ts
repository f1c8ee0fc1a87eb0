import { parse, type ParseError } from 'jsonc-parser'
import { parse as parseYamlText } from 'yaml'

/** In UTF-16 units. Nobody writes longer ones; they count as missing. */
const MAX_CONFIG = 1_000_000
/** The parser of YAML is slow. */
const MAX_YAML = 200_000

export type Table = Readonly<Record<string, unknown>>

export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Own keys alone: a text may have set the prototype by `__proto__`. */
export function own(table: unknown, key: string): unknown {
  return isTable(table) && Object.hasOwn(table, key) ? table[key] : undefined
}

export function ownString(table: unknown, key: string): string | null {
  const value = own(table, key)
  return typeof value === 'string' && value !== '' ? value : null
}

/** null when it is no array; what is no text in it is left out. */
export function stringsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null
}

/** null when there is none or it is broken, here and below. */
export function parseJson(text: string | undefined): Table | null {
  return attempt(text, MAX_CONFIG, (whole) => JSON.parse(whole) as unknown)
}

/** With comments and trailing commas; an empty text is an empty table, as TypeScript has it. */
export function parseJsonc(text: string | undefined): Table | null {
  return attempt(text, MAX_CONFIG, (whole) => {
    const errors: ParseError[] = []
    const value: unknown = parse(whole, errors, { allowTrailingComma: true, allowEmptyContent: true })
    if (errors.length > 0) return null
    return value === undefined ? {} : value
  })
}

export function parseYaml(text: string | undefined): Table | null {
  return attempt(text, MAX_YAML, (whole) => parseYamlText(whole, { logLevel: 'silent', uniqueKeys: false }) as unknown)
}

function attempt(text: string | undefined, limit: number, read: (text: string) => unknown): Table | null {
  if (text === undefined || text.length > limit) return null
  try {
    const value = read(text.startsWith('\uFEFF') ? text.slice(1) : text)
    return isTable(value) ? value : null
  } catch {
    // Not only syntax errors: nesting may exhaust the stack.
    return null
  }
}
