/**
 * No request means anything below this. Half a million brackets in a megabyte make the parser work for a second, and
 * what walks over its result for longer.
 */
const MAX_DEPTH = 200

const QUOTE = 34
const BACKSLASH = 92
const OPENING: ReadonlySet<number> = new Set([91, 123])
const CLOSING: ReadonlySet<number> = new Set([93, 125])

/** What somebody has sent, as a value. @throws SyntaxError when it is no JSON, or nested too deeply */
export function parseJson(text: string): unknown {
  if (isTooDeep(text)) throw new SyntaxError(`more than ${MAX_DEPTH} levels`)
  return JSON.parse(text)
}

function isTooDeep(text: string): boolean {
  let depth = 0
  let quoted = false
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === QUOTE) quoted = !quoted
    else if (quoted) i += unit === BACKSLASH ? 1 : 0
    else if (OPENING.has(unit)) depth += 1
    else if (CLOSING.has(unit)) depth -= 1
    if (depth > MAX_DEPTH) return true
  }
  return false
}
