/** Masks what must not stand in a log: secrets by their shape or by the name of their field, and e-mail addresses. */
const MASK = '[masked]'

const SHAPES: readonly RegExp[] = [
  /\btn_(?:live|test)_[A-Za-z0-9]{8,}/g,
  /\b(?:sk|pk|rk|whsec|ghp|gho|ghs|github_pat|xox[bp]|glpat|AKIA|ASIA)[-_]?[A-Za-z0-9_-]{16,}/g,
  /\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g,
  /(?<=\b(?:bearer|basic)\s)[A-Za-z0-9._~+/=-]{8,}/gi,
  /(?<=\b[a-z][a-z0-9+.-]*:\/\/)[^\s/@:]+:[^\s/@]+(?=@)/gi,
  /\b[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}\b/g,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
]
const SECRET_FIELD =
  /pass(?:word|wd)?$|secret|token$|authorization|api[-_]?key|root[-_]?key|cookie|credential|private[-_]?key/i
const MAX_DEPTH = 8

export function redactText(text: string): string {
  return SHAPES.reduce((masked, shape) => masked.replaceAll(shape, MASK), text)
}

/** A copy that is safe to log. Errors become name, message, code and stack; cycles and great depth are cut. */
export function redactValue(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null) return value
  if (depth >= MAX_DEPTH) return '[deep]'
  if (value instanceof Error) {
    const { name, message, stack, cause } = value
    const code = 'code' in value ? value.code : undefined
    return redactValue({ name, message, code, stack, ...(cause === undefined ? {} : { cause }) }, depth + 1)
  }
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_FIELD.test(key) && item !== null && item !== undefined ? MASK : redactValue(item, depth + 1),
    ]),
  )
}
