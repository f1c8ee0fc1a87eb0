/** Variants of one pattern with braces; what is beyond is left out. */
const MAX_BRACES = 16

/** `*`, `?`, braces, and `**` as a whole segment; never exponential. */
export function patternMatcher(pattern: string): (path: string) => boolean {
  const variants = expandBraces(pattern).map((one) => one.split('/'))
  return (path) => {
    const segments = path === '' ? [] : path.split('/')
    return variants.some((variant) => matchesSegments(variant, segments))
  }
}

/** One wildcard is enough to go back to: what an earlier one could take, the last can take as well. */
function matchesSegments(pattern: readonly string[], path: readonly string[]): boolean {
  let at = 0
  let star = -1
  let mark = 0
  let from = 0
  while (from < path.length) {
    const segment = pattern[at]
    if (segment === '**') {
      star = at++
      mark = from
    } else if (segment !== undefined && matchesName(segment, path[from] ?? '')) {
      at++
      from++
    } else if (star !== -1) {
      at = star + 1
      from = ++mark
    } else return false
  }
  return pattern.slice(at).every((segment) => segment === '**')
}

function matchesName(pattern: string, name: string): boolean {
  if (!pattern.includes('*') && !pattern.includes('?')) return pattern === name
  let at = 0
  let star = -1
  let mark = 0
  let from = 0
  while (from < name.length) {
    const sign = pattern[at]
    if (sign === '*') {
      star = at++
      mark = from
    } else if (sign === '?' || (sign !== undefined && sign === name[from])) {
      at++
      from++
    } else if (star !== -1) {
      at = star + 1
      from = ++mark
    } else return false
  }
  while (pattern[at] === '*') at++
  return at === pattern.length
}

/** Innermost braces first; a pattern with more variants than the limit is cut. */
function expandBraces(pattern: string): readonly string[] {
  if (!pattern.includes('{')) return [pattern]
  let open = [pattern]
  const done: string[] = []
  while (open.length > 0 && done.length < MAX_BRACES) {
    const next: string[] = []
    for (const one of open) {
      const end = one.indexOf('}')
      const start = end === -1 ? -1 : one.lastIndexOf('{', end)
      if (start === -1) done.push(one)
      else
        for (const variant of one
          .slice(start + 1, end)
          .split(',')
          .slice(0, MAX_BRACES))
          next.push(one.slice(0, start) + variant + one.slice(end + 1))
    }
    open = next.slice(0, MAX_BRACES)
  }
  return done.slice(0, MAX_BRACES)
}
