import { ID_PREFIXES } from '../contract/ids.ts'
import { maskAccountNumbers, MAY_HOLD_NUMBER } from './account-numbers.ts'

/** Masks secrets and personal data in what is logged, reported or stored for people to read. */
const MASK = '[redacted]'
const MAX_DEPTH = 8
const MAX_ENTRIES = 200
const MAX_TEXT = 16_384

/** The cut may go through a secret; no shape but that of a private key, which needs no end, is longer. */
const MAX_SHAPE = 1_024

const SECRET_KEY =
  /password|passwd|passphrase|secret|credential|authorization|cookie|(?:api|root|master|private|access|signing|encryption)[-_]?key|^(?:.*[-_a-z])?token$|^(?:pass|pwd|key|jwt|bearer|otp|pin|auth|signature)$|phone(?:[-_]?number)?$/i
/** Named like a secret, but known to be harmless. */
const HARMLESS_KEY = /^(?:secretSha256|.*tokens|.*[-_a-z]id)$/i

const NAMED =
  '(?:password|passwd|passphrase|secret|(?:api|root|master|private|secret|access)[_-]?key|(?:access|refresh|id|auth|private|session)[_-]?token)'
/** What stands after a name. In JSON that is itself a string of JSON, as many backslashes end it as begin it. */
const VALUE = String.raw`(?:"(?:[^"\\\n]|\\.)*"?|(?<deep>\\+)"(?:[^\n]*?(?<!\\)\k<deep>"|[^\n]*)|'[^'\n]*'?|[^\s,;&}"'[\\]+)`

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g, MASK],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/?#@]{0,256}):[^\s/?#]{1,512}@/gi, `$1:${MASK}@`],
  [/\b(https?:\/\/)[^\s:/?#@]{8,512}@/gi, `$1${MASK}@`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${MASK}`],
  [/\b((?:set-)?cookie|x-(?:api|root)-key)(\\*["']?\s*[:=]\s*)[^\r\n]+/gi, `$1$2${MASK}`],
  [
    new RegExp(String.raw`(authorization\\*["']?\s*[:=]\s*)(?:(?=[\\"'])${VALUE}|[^\s\\"'][^\r\n\\"']*)`, 'gi'),
    `$1${MASK}`,
  ],
  [new RegExp(String.raw`(${NAMED}\\*["']?\s*[:=]\s*)${VALUE}`, 'gi'), `$1${MASK}`],
  [new RegExp(String.raw`(\btoken=|["']token\\*["']\s*:\s*)${VALUE}`, 'gi'), `$1${MASK}`],
  [/\btn_[a-z]{2,16}_[A-Za-z0-9_-]{4,}/g, MASK],
  [/\b(?:sk|pk|rk|whsec)[-_][A-Za-z0-9_-]{12,}/g, MASK],
  [/\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, MASK],
  [/\b(?:(?:hf|gsk|sbp|vc[apirk])_[A-Za-z0-9_]{20,}|sb_secret_[A-Za-z0-9_-]{10,}|GOCSPX-[A-Za-z0-9_-]{16,})/g, MASK],
  [/\bSG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}/g, MASK],
  [/\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g, MASK],
  // What Stripe knows people and payments by; `cs_…` and `…_secret_…` let their holder pay or look.
  [/\bcs_(?:test|live)_[A-Za-z0-9]{8,}/g, MASK],
  [
    /\b(?:sub|sub_sched|cus|pi|in|ii|il|si|seti|pm|card|src|ba|ch|py|re|txn|tok|acct|dp|po)_[A-Za-z0-9]{14,}(?:_secret_[A-Za-z0-9]+)?\b/g,
    MASK,
  ],
  [/\bnpm_[A-Za-z0-9]{30,}/g, MASK],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, MASK],
  [/\bAIza[A-Za-z0-9_-]{30,}/g, MASK],
  [/\bya29\.[A-Za-z0-9_-]{16,}/g, MASK],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g, MASK],
  [/([?&;](?:[a-z_-]*(?:token|key|secret|signature|sig|password))=)[^&\s#'"]+/gi, `$1${MASK}`],
  [/(%(?:3f|26)[a-z_-]{0,40}(?:token|key|secret|signature|sig|password)%3d)[^&\s#'"%]+/gi, `$1${MASK}`],
  [
    /[\p{L}\p{N}._%+-]{1,64}(?:@|%40)[\p{L}\p{N}-]{1,63}(?:\.[\p{L}\p{N}-]{1,63}){0,6}\.\p{L}{2,24}(?!\p{L})/gu,
    '[e-mail]',
  ],
]

/** What one of the shapes begins with or holds: most texts have none of it, and are looked at only once. */
const SUSPECT =
  /[@=]|:\/\/|%40|%3d|bearer|basic|cookie|authorization|password|passwd|passphrase|secret|(?:api|root|master|private|access|[_-])key|token|tn_|(?:sk|pk|rk|cs|hf|gsk|sbp|vc[apirk])[-_]|\b(?:sub|sub_sched|cus|pi|in|ii|il|si|seti|pm|card|src|ba|ch|py|re|txn|tok|acct|dp|po)_|npm_|gh[opusr]_|github_pat_|glpat-|xox|AKIA|ASIA|AIza|ya29|eyJ|GOCSPX|SG\.|PRIVATE KEY/i

/** Ids of our own, which most fields of most lines are. */
const OWN_ID = new RegExp(`^(?:${ID_PREFIXES.join('|')})_[0-9a-z]{26}$`)

export function redactText(text: string): string {
  if (OWN_ID.test(text)) return text
  if (text.length <= MAX_TEXT) return mask(text)
  const beginning = mask(text.slice(0, MAX_TEXT + MAX_SHAPE))
  return `${beginning.slice(0, Math.min(MAX_TEXT, beginning.length - MAX_SHAPE))}…`
}

function mask(text: string): string {
  const rest = SUSPECT.test(text) ? SHAPES.reduce((left, [shape, by]) => left.replaceAll(shape, by), text) : text
  return MAY_HOLD_NUMBER.test(rest) ? maskAccountNumbers(rest) : rest
}

/** A copy that is safe to log: strings masked, values under secret names replaced, errors with stack and causes. Never throws. */
export function redactValue(value: unknown): unknown {
  return redact(value, 0, new Set())
}

function redact(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return redactText(value.toString())
  if (typeof value === 'number') return redactNumber(value)
  if (typeof value === 'symbol' || typeof value === 'function') return `[${typeof value}]`
  if (typeof value !== 'object' || value === null) return value
  if (above.has(value)) return '[circular]'
  if (depth >= MAX_DEPTH) return '[deep]'
  above.add(value)
  try {
    return redactObject(value, depth, above)
  } catch {
    // A getter or a proxy of somebody else: the line matters more than this part of it.
    return '[unreadable]'
  } finally {
    above.delete(value)
  }
}

function redactObject(value: object, depth: number, above: Set<object>): unknown {
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (value instanceof Error) return redactError(value, depth, above)
  return Array.isArray(value) ? redactItems(value, depth, above) : redactEntries(value, depth, above)
}

/** What follows the name of a secret is one, as in a list of headers. */
function redactItems(items: readonly unknown[], depth: number, above: Set<object>): unknown[] {
  return items.slice(0, MAX_ENTRIES).map((item, i) => {
    const before = items[i - 1]
    if (typeof item === 'string' && typeof before === 'string' && isNameOfSecret(before)) return MASK
    return redact(item, depth + 1, above)
  })
}

/** The number of a card may come as a number, too. */
function redactNumber(value: number): number | string {
  if (value < 1e12 || !Number.isSafeInteger(value)) return value
  const text = String(value)
  const masked = redactText(text)
  return masked === text ? value : masked
}

function redactEntries(value: object, depth: number, above: Set<object>): object {
  const entries = Object.entries(value).slice(0, MAX_ENTRIES)
  const named = 'value' in value && entries.some(([key, item]) => NAME_KEY.test(key) && isNameOfSecret(item))
  return Object.fromEntries(
    entries.map(([key, item]) => {
      const { text, isSecret } = nameOf(key)
      const isKept = item === null || item === undefined || typeof item === 'boolean'
      const isMasked = !isKept && (isSecret || (named && key === 'value'))
      return [text, isMasked ? MASK : redact(item, depth + 1, above)]
    }),
  )
}

/** As `{ name: 'authorization', value: … }` has it. */
const NAME_KEY = /^(?:name|header|field)$/

function isNameOfSecret(item: unknown): boolean {
  return typeof item === 'string' && /^[\w-]{3,64}$/.test(item) && nameOf(item).isSecret
}

interface Name {
  readonly text: string
  readonly isSecret: boolean
}

/** Names come from the code, again and again; what else may stand in their place fills the rest of it and no more. */
const names = new Map<string, Name>()
const MAX_NAMES = 1_000

function nameOf(key: string): Name {
  const known = names.get(key)
  if (known !== undefined) return known
  const name = { text: redactText(key), isSecret: SECRET_KEY.test(key) && !HARMLESS_KEY.test(key) }
  if (names.size < MAX_NAMES && key.length < 64) names.set(key, name)
  return name
}

function redactError(error: Error, depth: number, above: Set<object>): object {
  const part = (value: unknown): unknown => redact(value, depth + 1, above)
  const { name, message, stack = '', cause } = error
  const code = 'code' in error && typeof error.code === 'string' ? { code: part(error.code) } : {}
  const errors = error instanceof AggregateError ? { errors: part(error.errors) } : {}
  return {
    name: part(name),
    message: part(message),
    ...code,
    stack: part(stack),
    ...errors,
    ...(cause === undefined ? {} : { cause: part(cause) }),
  }
}
