import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

/** A repository to be, or a part of one. */
export interface Part {
  readonly name: string
  readonly files: readonly { readonly path: string; readonly from: string }[]
  readonly bytes: number
}

/** As the indexer: larger files are left out. */
const MAX_FILE_BYTES = 1_000_000
/** A folder with at most so many files becomes one repository. */
const WHOLE_FILES = 600
/** A folder below both stays with the loose files around it. */
const OWN_FILES = 20
const OWN_BYTES = 600_000

interface Folder {
  readonly name: string
  readonly files: { readonly path: string; readonly from: string }[]
  readonly folders: Folder[]
  /** Of it and all below. */
  count: number
  bytes: number
}

/** The first segment of a tarball's paths differs between packages and is dropped. */
export function unpack(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true })
  execFileSync('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1'], { stdio: 'ignore' })
}

/** A package as a folder of a larger repository. */
export function moveInto(folder: string, name: string): Part[] {
  const found = scan(folder, '', '')
  const files = allOf(found).map(({ path, from }) => ({ path: `${name}/${path}`, from }))
  return [{ name, files, bytes: found.bytes }]
}

/** Cuts a package at its folders, so that it gives repositories of many sizes. */
export function splitPackage(folder: string, name: string): Part[] {
  const parts: Part[] = []
  const split = (found: Folder, label: string, depth: number): void => {
    const cut = (files: Folder['files'], bytes: number): void => {
      if (files.length > 0) parts.push({ name: uniqueName(label, parts), files: below(files, depth), bytes })
    }
    if (found.count <= WHOLE_FILES && found.bytes < OWN_BYTES * 10) return cut(allOf(found), found.bytes)
    const own = found.folders.filter(({ count, bytes }) => count >= OWN_FILES || bytes >= OWN_BYTES)
    const rest = found.folders.filter((one) => !own.includes(one))
    const taken = own.reduce((sum, { bytes }) => sum + bytes, 0)
    cut([...found.files, ...rest.flatMap(allOf)], found.bytes - taken)
    for (const one of own) split(one, `${label}.${one.name}`, depth + 1)
  }
  split(scan(folder, '', ''), name, 0)
  return parts
}

function scan(folder: string, prefix: string, name: string): Folder {
  const found: Folder = { name, files: [], folders: [], count: 0, bytes: 0 }
  const entries = readdirSync(folder, { withFileTypes: true })
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const from = join(folder, entry.name)
    const path = `${prefix}${entry.name}`
    if (entry.isDirectory() && entry.name !== '.git') {
      const inner = scan(from, `${path}/`, entry.name)
      found.folders.push(inner)
      found.count += inner.count
      found.bytes += inner.bytes
    } else if (entry.isFile() && !entry.name.endsWith('.map') && !entry.name.includes('\n')) {
      const { size } = statSync(from)
      if (size > MAX_FILE_BYTES) continue
      found.files.push({ path, from })
      found.count++
      found.bytes += size
    }
  }
  return found
}

function allOf(folder: Folder): Folder['files'] {
  return [...folder.files, ...folder.folders.flatMap(allOf)]
}

/** Paths without their first folders. */
function below(files: Folder['files'], depth: number): Folder['files'] {
  return files.map(({ path, from }) => ({ path: path.split('/').slice(depth).join('/'), from }))
}

/** A name that a repository may have. */
function uniqueName(label: string, parts: readonly Part[]): string {
  const name = label.replaceAll(/[^A-Za-z0-9_.-]/g, '-').slice(0, 90)
  const taken = new Set(parts.map((part) => part.name))
  if (!taken.has(name)) return name
  for (let n = 2; ; n++) if (!taken.has(`${name}-${n}`)) return `${name}-${n}`
}
