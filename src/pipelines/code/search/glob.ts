import { QueryError } from './query.ts'

/**
 * Whether paths match a glob: `*` and `?` stay within a part of the path, `**` goes over parts, `[a-z]`, `[!a-z]` and
 * `{a,b}` are as in a shell, `\` takes the next character literally. A glob without a slash is about the name alone, one
 * that ends in a slash about everything below; with `!` before it, about what does not match.
 *
 * Written out as an expression without look-around, which the linear matcher can take over; that of the libraries for
 * globs can be made to backtrack for minutes.
 *
 * @throws QueryError
 */
export function globOf(given: string): (path: string) => boolean {
  const inverted = given.startsWith('!')
  const glob = inverted ? given.slice(1) : given
  const anchored = glob.replace(/^\.?\//, '')
  if (anchored === '') throw notAGlob()
  const expression = expressionOf(sourceOf(anchored.endsWith('/') ? `${anchored}**` : anchored))
  const nameOnly = !glob.includes('/')
  return (path) => expression.test(nameOnly ? path.slice(path.lastIndexOf('/') + 1) : path) !== inverted
}

/** A range such as `[z-a]` is noticed here. */
function expressionOf(source: string): RegExp {
  try {
    return new RegExp(`^(?:${source})$`, 's')
  } catch {
    throw notAGlob()
  }
}

function notAGlob(): QueryError {
  return new QueryError('path', 'Not a glob: a bracket or brace is not closed, or nothing is left of it')
}

function sourceOf(glob: string): string {
  let source = ''
  let depth = 0
  for (let at = 0; at < glob.length;) {
    const [part, size] = tokenAt(glob, at, depth)
    if (part === '(?:' || part === ')') depth += part === ')' ? -1 : 1
    source += part
    at += size
  }
  if (depth !== 0) throw notAGlob()
  return source
}

/** What stands at this place, as a part of an expression, and how long it is in the glob. */
function tokenAt(glob: string, at: number, depth: number): [part: string, size: number] {
  const char = glob.charAt(at)
  if (char === '*') return stars(glob, at)
  if (char === '?') return ['[^/]', 1]
  if (char === '[') return brackets(glob, at)
  if (char === '{') return ['(?:', 1]
  if (char === '}' && depth > 0) return [')', 1]
  if (char === ',' && depth > 0) return ['|', 1]
  if (char === '\\' && at + 1 < glob.length) return [literal(glob.charAt(at + 1)), 2]
  return [literal(char), 1]
}

function stars(glob: string, at: number): [string, number] {
  const [run = '*'] = /^\*+/.exec(glob.slice(at)) ?? []
  const next = glob.charAt(at + run.length)
  const alone = (at === 0 || '/{,'.includes(glob.charAt(at - 1))) && (next === '' || '/},'.includes(next))
  if (run.length < 2 || !alone) return ['[^/]*', run.length]
  return next === '/' ? ['(?:.*/)?', run.length + 1] : ['.*', run.length]
}

function brackets(glob: string, at: number): [string, number] {
  const [whole, not, chars] = /^\[([!^]?)(\]?[^\]]*)\]/.exec(glob.slice(at)) ?? []
  if (whole === undefined || chars === undefined || chars === '') throw notAGlob()
  const source = chars.replaceAll(/[\\\][^]/g, '\\$&')
  const part = not === '' ? `[${source}]` : `[^/${source}]`
  return [part, whole.length]
}

function literal(char: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(char) ? `\\${char}` : char
}
