/** Paths of a commit: POSIX, relative to its root, which is ''. */
export function dirOf(path: string): string {
  const at = path.lastIndexOf('/')
  return at === -1 ? '' : path.slice(0, at)
}

export function baseOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

/** null when it leads above the root. */
export function joinPath(dir: string, relative: string): string | null {
  let base = dir
  let from = 0
  while (relative[from] === '.') {
    if (relative.startsWith('./', from)) from += 2
    else if (relative.startsWith('../', from)) {
      if (base === '') return null
      base = dirOf(base)
      from += 3
    } else break
  }
  const rest = from === 0 ? relative : relative.slice(from)
  return isPlain(rest) ? below(base, rest) : normalize(base, rest)
}

function isPlain(path: string): boolean {
  return (
    path !== '' &&
    path[0] !== '/' &&
    path[0] !== '.' &&
    !path.includes('//') &&
    !path.includes('/.') &&
    !path.endsWith('/')
  )
}

function normalize(dir: string, relative: string): string | null {
  const parts = dir === '' ? [] : dir.split('/')
  for (const segment of relative.split('/')) {
    if (segment === '' || segment === '.') continue
    if (segment !== '..') parts.push(segment)
    else if (parts.pop() === undefined) return null
  }
  return parts.join('/')
}

/** `relative` without `.` and `..`. */
export function below(dir: string, relative: string): string {
  if (dir === '') return relative
  return relative === '' ? dir : `${dir}/${relative}`
}

/** What `below` was given; null when the path is not in the directory. */
export function relativeTo(dir: string, path: string): string | null {
  if (dir === '') return path
  if (path === dir) return ''
  return path[dir.length] === '/' && path.startsWith(dir) ? path.slice(dir.length + 1) : null
}

/** The directory itself, those above it and at last the root. */
export function upward(dir: string): string[] {
  const all = [dir]
  for (let at = dir; at !== '';) {
    at = dirOf(at)
    all.push(at)
  }
  return all
}
