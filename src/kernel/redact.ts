import { ID_PREFIXES } from '../contract/ids.ts'
import { maskAccountNumbers, MAY_HOLD_NUMBER } from './account-numbers.ts'

/** Masks secrets and personal data in what is logged, reported or stored for people to read. */
const MASK = '[redacted]'
const MAX_DEPTH = 8
const MAX_ENTRIES = 200
const MAX_TEXT = 16_384

const SECRET_KEY =
  /^(?:.*(?:password|passwd|passphrase|secret|credential|authorization|cookie|api[-_]?key|root[-_]?key|master[-_]?key|private[-_]?key)|(?:.*[-_a-z])?token|pass|pwd|key)$/i
/** Named like a secret, but known to be harmless. */
const HARMLESS_KEY = /^(?:secretSha256|.*tokens)$/i

const SHAPES: readonly (readonly [RegExp, string])[] = [
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, MASK],
  [/\b([a-z][a-z0-9+.-]{0,20}:\/\/[^\s:/?#@]{0,256}):[^\s/?#]{1,512}@/gi, `$1:${MASK}@`],
  [/\b(https?:\/\/)[^\s:/?#@]{8,512}@/gi, `$1${MASK}@`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}/gi, `$1 ${MASK}`],
  [/\b((?:set-)?cookie|x-(?:api|root)-key)(["']?\s*[:=]\s*)[^\r\n]+/gi, `$1$2${MASK}`],
  [
    /(["']?(?:password|passwd|passphrase|secret|(?:api|root|master|private|secret)[_-]?key|(?:access|refresh|id|auth)[_-]?token)["']?\s*[:=]\s*)("[^"\n]*"|'[^'\n]*'|[^\s,;&}"'[]+)/gi,
    `$1${MASK}`,
  ],
  [/\btn_[a-z]{2,16}_[A-Za-z0-9_-]{4,}/g, MASK],
  [/\b(?:sk|pk|rk|whsec)[-_][A-Za-z0-9_-]{12,}/g, MASK],
  [/\b(?:gh[opusr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,}|glpat-[A-Za-z0-9_-]{16,})/g, MASK],
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
  [/[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,6}\.[A-Za-z]{2,24}\b/g, '[e-mail]'],
]

/** What one of the shapes begins with or holds: most texts have none of it, and are looked at only once. */
const SUSPECT =
  /[@=]|:\/\/|bearer|basic|cookie|password|passwd|passphrase|secret|_key|-key|apikey|token|tn_|(?:sk|pk|rk|cs)[-_]|\b(?:sub|sub_sched|cus|pi|in|ii|il|si|seti|pm|card|src|ba|ch|py|re|txn|tok|acct|dp|po)_|npm_|gh[opusr]_|github_pat_|glpat-|xox|AKIA|ASIA|AIza|ya29|eyJ|PRIVATE KEY/i

/** Ids of our own, which most fields of most lines are. */
const OWN_ID = new RegExp(`^(?:${ID_PREFIXES.join('|')})_[0-9a-z]{26}$`)

export function redactText(text: string): string {
  if (OWN_ID.test(text)) return text
  const cut = text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text
  const masked = SUSPECT.test(cut) ? SHAPES.reduce((rest, [shape, mask]) => rest.replaceAll(shape, mask), cut) : cut
  return MAY_HOLD_NUMBER.test(masked) ? maskAccountNumbers(masked) : masked
}

/** A copy that is safe to log: strings masked, values under secret names replaced, errors with stack and causes. */
export function redactValue(value: unknown): unknown {
  return redact(value, 0, new Set())
}

function redact(value: unknown, depth: number, above: Set<object>): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return redactText(value.toString())
  if (typeof value === 'number') return redactNumber(value)
  if (typeof value !== 'object' || value === null) return typeof value === 'function' ? '[function]' : value
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString()
  if (value instanceof URL) return redactText(value.href)
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`
  if (above.has(value)) return '[circular]'
  if (depth >= MAX_DEPTH) return '[deep]'
  above.add(value)
  try {
    if (value instanceof Error) return redactError(value, depth, above)
    if (Array.isArray(value)) return value.slice(0, MAX_ENTRIES).map((item) => redact(item, depth + 1, above))
    return redactEntries(value, depth, above)
  } finally {
    above.delete(value)
  }
}

/** The number of a card may come as a number, too. */
function redactNumber(value: number): number | string {
  if (value < 1e12 || !Number.isSafeInteger(value)) return value
  const text = String(value)
  const masked = redactText(text)
  return masked === text ? value : masked
}

function redactEntries(value: object, depth: number, above: Set<object>): object {
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, MAX_ENTRIES)
      .map(([key, item]) => {
        const { text, isSecret } = nameOf(key)
        return [text, isSecret && item !== null && item !== undefined ? MASK : redact(item, depth + 1, above)]
      }),
  )
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
  const code = 'code' in error && typeof error.code === 'string' ? { code: error.code } : {}
  const cause = error.cause === undefined ? {} : { cause: redact(error.cause, depth + 1, above) }
  const { name, message, stack } = error
  return { name, message: redactText(message), ...code, stack: redactText(stack ?? ''), ...cause }
}
