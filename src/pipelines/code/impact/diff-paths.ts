import { DiffError } from './diff-error.ts'

/** The two names of a file in a diff; null for `/dev/null`. */
export interface Names {
  readonly old: string | null
  readonly new: string | null
}

export interface Paths {
  readonly before: string | null
  readonly after: string | null
}

/** Longest path, as in the contract. */
const MAX_PATH = 4096
/** Longest quoted one: an escape of four for each byte, of which a character has three at most. */
const MAX_QUOTED = 12 * MAX_PATH
/** `a` and `b`, those of `diff.mnemonicPrefix`, and those of `--no-index` with it. */
const PREFIX = /^[abciow12]\//

/**
 * Both names of `diff --git` without their prefixes. Git does not quote spaces, so that names with spaces are told apart
 * by their being equal; null when they can not be.
 */
export function namesOfGitHeader(text: string, line: number): { readonly old: string; readonly new: string } | null {
  if (text.startsWith('"')) {
    const first = unquote(text, line)
    const rest = text.slice(first.end).trimStart()
    return { old: first.text, new: rest.startsWith('"') ? unquote(rest, line).text : rest }
  }
  const quote = text.indexOf(' "')
  if (quote > 0) return { old: text.slice(0, quote), new: unquote(text.slice(quote + 1), line).text }
  const middle = (text.length - 1) / 2
  const space = text[middle] === ' ' ? middle : text.indexOf(' ')
  if (space <= 0 || (space !== middle && text.includes(' ', space + 1))) return null
  return { old: text.slice(0, space), new: text.slice(space + 1) }
}

/** What stands behind `---`, `+++`, `rename from` and the like. */
export function nameOf(text: string, line: number): string | null {
  if (text.startsWith('"')) return unquote(text, line).text
  const tab = text.indexOf('\t')
  const name = tab < 0 ? text : text.slice(0, tab)
  // So GNU diff names the missing side of a file that is added or deleted.
  const missing = tab >= 0 && /^(?:1970-01-01 00:00:00|1969-12-31 )/.test(text.slice(tab + 1))
  return name === '/dev/null' || missing ? null : name
}

/** The paths that two names with or without prefixes stand for. */
export function withoutPrefixes(names: Names, line: number): Paths {
  if (names.old === null || names.new === null) {
    const { old, new: after } = names
    if (old === null && after === null) throw new DiffError(line, 'Both sides are /dev/null')
    return { before: old?.replace(PREFIX, '') ?? null, after: after?.replace(PREFIX, '') ?? null }
  }
  if (names.old === names.new) return { before: names.old, after: names.new }
  const [old, after] = [withoutFirst(names.old), withoutFirst(names.new)]
  if (old === after && old !== '') return { before: old, after }
  if (PREFIX.test(names.old) && PREFIX.test(names.new)) return { before: old, after }
  const path = commonEnd(names.old, names.new)
  // A plain diff can not tell of a rename: `x.ts.orig` is the same file.
  return path === '' ? { before: names.new, after: names.new } : { before: path, after: path }
}

/** @throws DiffError for a path that leads out of the repository. */
export function insidePath(path: string, line: number): string {
  if (path.length > MAX_PATH) throw new DiffError(line, 'A path is too long')
  const outside = /^(?:[/\\]|[A-Za-z]:)/.test(path) || path.split(/[/\\]/).some((part) => part === '..' || part === '.')
  if (outside) throw new DiffError(line, 'A path leads out of the repository')
  if (path === '' || path.includes('\0')) throw new DiffError(line, 'A path is missing')
  return path
}

function withoutFirst(path: string): string {
  return path.slice(path.indexOf('/') + 1)
}

/** The longest common end that begins after a slash. */
function commonEnd(a: string, b: string): string {
  let length = 0
  let path = ''
  while (length < Math.min(a.length, b.length) && a.at(-1 - length) === b.at(-1 - length)) {
    if (a.at(-1 - length) === '/') path = a.slice(a.length - length)
    length++
  }
  return path
}

const ESCAPES: ReadonlyMap<string, number> = new Map([
  ['a', 7],
  ['b', 8],
  ['t', 9],
  ['n', 10],
  ['v', 11],
  ['f', 12],
  ['r', 13],
  ['"', 34],
  ['\\', 92],
])

/** `"caf\303\251"`; `end` is the place behind the closing quote. */
function unquote(text: string, line: number): { readonly text: string; readonly end: number } {
  const parts: Buffer[] = []
  let at = 1
  for (;;) {
    const start = at
    while (at < text.length && text[at] !== '"' && text[at] !== '\\') at++
    parts.push(Buffer.from(text.slice(start, at)))
    if (at >= text.length) throw new DiffError(line, 'A quoted path does not end')
    if (at > MAX_QUOTED) throw new DiffError(line, 'A path is too long')
    if (text[at] === '"') return { text: Buffer.concat(parts).toString(), end: at + 1 }
    const octal = /^[0-3][0-7]{2}/.exec(text.slice(at + 1, at + 4))?.[0]
    const code = octal === undefined ? ESCAPES.get(text[at + 1] ?? '') : Number.parseInt(octal, 8)
    if (code === undefined) throw new DiffError(line, 'A quoted path has an unknown escape')
    parts.push(Buffer.from([code]))
    at += 1 + (octal?.length ?? 1)
  }
}
