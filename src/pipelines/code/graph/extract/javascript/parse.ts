import { parseSync, rawTransferSupported, type Comment, type ParserOptions, type Program } from 'oxc-parser'

import type { Dialect } from '../../facts.ts'
import { isTooDeep } from './depth.ts'
import type { Span } from './source.ts'

export interface Parsed {
  /** null when not even parts of the text could be parsed. */
  readonly program: Program | null
  readonly comments: readonly Comment[]
  readonly incomplete: boolean
  /** The parts of the text that could not be parsed. */
  readonly failed: readonly Span[]
}

export type ScriptDialect = Exclude<Dialect, 'py' | 'sfc'>

type Lang = NonNullable<ParserOptions['lang']>

/** The second is tried when the first fails: JavaScript with annotations of types is close to TypeScript. */
const LANGS: Readonly<Record<ScriptDialect, readonly Lang[]>> = {
  ts: ['ts'],
  tsx: ['tsx'],
  dts: ['dts'],
  js: ['jsx', 'tsx'],
}

export function parseJavaScript(text: string, dialect: ScriptDialect): Parsed {
  if (isTooDeep(text)) return unparsed(text)
  const langs = LANGS[dialect]
  for (const lang of langs) {
    const result = parse(text, lang)
    if (result !== null) return { ...result, failed: [] }
  }
  const [lang] = langs
  return lang === undefined ? unparsed(text) : parseParts(text, lang)
}

export function unparsed(text: string): Parsed {
  return { program: null, comments: [], incomplete: true, failed: [{ start: 0, end: text.length }] }
}

/**
 * A syntax error leaves no tree at all. Definitions begin at the first column as a rule, so that each can be tried alone;
 * what fails is blanked out, which keeps all offsets.
 */
function parseParts(text: string, lang: Lang): Parsed {
  const failed: Span[] = []
  let rest = ''
  const parts = text.split(PART_START)
  if (parts.length > MAX_PARTS) return unparsed(text)
  for (const part of parts) {
    const parses = parse(part, lang) !== null
    if (!parses) failed.push({ start: rest.length, end: rest.length + part.length })
    rest += parses ? part : part.replaceAll(/[^\n]/g, ' ')
  }
  const result = parse(rest, lang)
  return result === null ? unparsed(text) : { ...result, failed, incomplete: true }
}

/** More are not hand-written, and each costs a call. */
const MAX_PARTS = 5000
const PART_START =
  /^(?=(?:import|export|const|let|var|function|async|class|abstract|interface|type|enum|declare|namespace|module|exports)\b|@\w)/m

/** null when there is no tree because of a syntax error. */
function parse(text: string, lang: Lang): Omit<Parsed, 'failed'> | null {
  const options: ParserOptions = { lang, sourceType: lang === 'jsx' ? 'unambiguous' : 'module', preserveParens: false }
  const { program, comments, errors } = parseFast(text, options)
  const failed = errors.some(({ severity }) => isError(severity))
  if (failed && program.body.length === 0) return null
  return { program, comments, incomplete: failed }
}

/** Values of the enumeration are not there when types are erased. */
function isError(severity: string): boolean {
  return severity === 'Error'
}

function isOrdinary(text: string): boolean {
  if (text.length > MAX_RAW) return false
  let imports = 0
  for (let at = text.indexOf('import'); at >= 0; at = text.indexOf('import', at + 6))
    if (++imports > MAX_RAW_IMPORTS) return false
  return true
}

let fast = process.platform !== 'win32' && rawTransferSupported()

/** What is written by hand stays far below. In UTF-16 units, and occurrences of the word. */
const MAX_RAW = 200_000
const MAX_RAW_IMPORTS = 1_000

/**
 * The transfer through memory is twice as fast as that through JSON. It reserves 6 GB of addresses, of which it touches what
 * it needs: where they are not to be had, and on Windows, which would set them aside, JSON it is. Of oxc-parser 0.159.0 its
 * arena is too small for about 4,750 import declarations, which ends the process: what is large goes by JSON as well.
 */
function parseFast(text: string, options: ParserOptions): ReturnType<typeof parseSync> {
  if (fast && isOrdinary(text)) {
    try {
      const raw: ParserOptions & { experimentalRawTransfer: boolean } = { ...options, experimentalRawTransfer: true }
      return parseSync('', text, raw)
    } catch (error) {
      if (error instanceof RangeError && error.message.includes('call stack')) throw error
      fast = false
    }
  }
  return parseSync('', text, options)
}
