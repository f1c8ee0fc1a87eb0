import { below, dirOf } from '../paths.ts'

/** In the order of TypeScript, then what only bundlers append. */
const APPENDED = ['.ts', '.tsx', '.d.ts', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.json', '.vue', '.svelte']
/** What may be compiled to a file; a declaration is no source unless there is nothing else. */
const SOURCES = ['.ts', '.tsx', '.mts', '.cts', '.js', '.jsx', '.mjs', '.cjs', '.vue', '.svelte', '.d.ts', '.d.mts']
const WRITTEN: ReadonlyMap<string, readonly string[]> = new Map([
  ['js', ['.ts', '.tsx', '.d.ts', '.jsx']],
  ['jsx', ['.tsx', '.ts', '.d.ts']],
  ['mjs', ['.mts', '.d.mts']],
  ['cjs', ['.cts', '.d.cts']],
])

const EXTENSIONS: ReadonlySet<string> = new Set([...APPENDED, ...SOURCES])

/** Which files of a commit exist. */
export interface FileIndex {
  has(path: string): boolean
  /** A file that is called so, with one extension of code or data behind it. */
  hasStem(stem: string): boolean
  hasDirectory(dir: string): boolean
  /** In their order. */
  within(dir: string): readonly string[]
}

export function indexFiles(files: ReadonlySet<string>): FileIndex {
  const dirs = new Set<string>([''])
  for (const path of files) for (let dir = dirOf(path); !dirs.has(dir); dir = dirOf(dir)) dirs.add(dir)
  const stems = new Set<string>()
  for (const path of files) for (const stem of stemsOf(path)) stems.add(stem)
  let sorted: readonly string[] | null = null
  return {
    has: (path) => files.has(path),
    hasStem: (stem) => stems.has(stem),
    hasDirectory: (dir) => dirs.has(dir),
    within(dir) {
      sorted ??= [...files].toSorted()
      if (dir === '') return sorted
      // '0' is the character behind '/'.
      return sorted.slice(firstFrom(sorted, `${dir}/`), firstFrom(sorted, `${dir}0`))
    },
  }
}

function stemsOf(path: string): readonly string[] {
  const dot = path.lastIndexOf('.')
  if (!EXTENSIONS.has(path.slice(dot))) return []
  const stem = path.slice(0, dot)
  return stem.endsWith('.d') ? [stem, stem.slice(0, -2)] : [stem]
}

function firstFrom(sorted: readonly string[], key: string): number {
  let low = 0
  let high = sorted.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') < key) low = middle + 1
    else high = middle
  }
  return low
}

export function isDeclaration(path: string): boolean {
  return /\.d\.[cm]?ts$/.test(path)
}

/** The file that is meant by a path as an import writes it: with the extension it will have, or without. */
export function probeFile(index: FileIndex, path: string): string | null {
  if (path === '') return null
  if (index.has(path)) return path
  const dot = path.lastIndexOf('.')
  const written = WRITTEN.get(path.slice(dot + 1))
  const found = written && firstWith(index, path.slice(0, dot), written)
  return found ?? firstWith(index, path, APPENDED)
}

export function probeIndex(index: FileIndex, dir: string): string | null {
  return index.hasDirectory(dir) ? firstWith(index, below(dir, 'index'), APPENDED) : null
}

/** The source of a module that a build makes at `stem`, a path without extension. */
export function probeSource(index: FileIndex, stem: string): string | null {
  const file = stem === '' ? null : firstWith(index, stem, SOURCES)
  return file ?? (index.hasDirectory(stem) ? firstWith(index, below(stem, 'index'), SOURCES) : null)
}

function firstWith(index: FileIndex, stem: string, extensions: readonly string[]): string | null {
  // Most of what is tried is not there.
  if (!index.hasStem(stem)) return null
  for (const extension of extensions) if (index.has(stem + extension)) return stem + extension
  return null
}
