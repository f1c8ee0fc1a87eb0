import { parse } from 'smol-toml'

import { isTable, own, ownString, stringsOf } from '../config-text.ts'
import { baseOf, dirOf, joinPath } from '../paths.ts'

const CONFIG = /^(?:pyproject\.toml|setup\.cfg|setup\.py)$/
/** In UTF-16 units. */
const MAX_CONFIG = 1_000_000

/** A directory with the configuration of a Python package. */
export interface PythonProject {
  readonly dir: string
  /** Directories whose modules are importable, as the configuration says. */
  readonly roots: ReadonlySet<string>
  /** Those of them from which its packages are distributed. */
  readonly tops: ReadonlySet<string>
}

export function readPythonProjects(
  files: ReadonlySet<string>,
  texts: ReadonlyMap<string, string>,
): readonly PythonProject[] {
  const projects = new Map<string, { roots: Set<string>; tops: Set<string> }>()
  for (const path of files)
    if (CONFIG.test(baseOf(path))) projects.set(dirOf(path), { roots: new Set(), tops: new Set() })
  for (const [path, text] of texts) {
    const dir = dirOf(path)
    const project = projects.get(dir)
    if (project === undefined || text.length > MAX_CONFIG) continue
    const { tops, others } = writtenRoots(baseOf(path), text)
    const placesOf = (written: readonly string[]): string[] => written.flatMap((one) => joinPath(dir, one) ?? [])
    for (const top of placesOf(tops)) project.tops.add(top)
    for (const root of placesOf([...tops, ...others])) project.roots.add(root)
  }
  return [...projects].map(([dir, { roots, tops }]) => ({ dir, roots, tops }))
}

interface WrittenRoots {
  readonly tops: readonly string[]
  readonly others: readonly string[]
}

function writtenRoots(name: string, text: string): WrittenRoots {
  switch (name) {
    case 'pyproject.toml':
      return pyprojectRoots(text)
    case 'setup.cfg':
      return { tops: cfgRoots(text), others: [] }
    default:
      return { tops: name === 'setup.py' ? setupRoots(text) : [], others: [] }
  }
}

function pyprojectRoots(text: string): WrittenRoots {
  const tool = own(tomlOf(text), 'tool')
  const at = (...keys: readonly string[]): unknown => keys.reduce<unknown>((table, key) => own(table, key), tool)
  const strings = (value: unknown): readonly string[] =>
    typeof value === 'string' ? [value] : (stringsOf(value) ?? [])
  const packageDir = at('setuptools', 'package-dir')
  const named = isTable(packageDir) ? Object.entries(packageDir) : []
  const poetry = at('poetry', 'packages')
  const tops = [
    ...named.flatMap(([key, value]) => (typeof value === 'string' ? packageRoot(key, value) : [])),
    ...strings(at('setuptools', 'packages', 'find', 'where')),
    ...(Array.isArray(poetry) ? poetry.map((entry: unknown) => ownString(entry, 'from') ?? '.') : []),
    ...strings(at('hatch', 'build', 'targets', 'wheel', 'packages')).map(dirOf),
    ...strings(at('hatch', 'build', 'targets', 'wheel', 'sources')),
    ...strings(at('pdm', 'build', 'package-dir')),
    ...strings(at('uv', 'build-backend', 'module-root')),
    ...strings(at('maturin', 'python-source')),
  ]
  return { tops, others: strings(at('pytest', 'ini_options', 'pythonpath')) }
}

function tomlOf(text: string): unknown {
  try {
    return parse(text.startsWith('\uFEFF') ? text.slice(1) : text)
  } catch {
    // Whatever stands in a repository: a file that is no TOML says nothing.
    return null
  }
}

/** `"" = "src"`, `"acme" = "lib/acme"`. */
function packageRoot(name: string, dir: string): readonly string[] {
  if (name === '') return [dir]
  const suffix = name.replaceAll('.', '/')
  const plain = dir.replace(/\/$/, '')
  if (plain === suffix) return ['.']
  return plain.endsWith(`/${suffix}`) ? [plain.slice(0, -suffix.length - 1)] : []
}

function cfgRoots(text: string): readonly string[] {
  const roots: string[] = []
  let section = ''
  let key = ''
  for (const line of text.split(/\r?\n/)) {
    const header = /^\[([^\]]+)\]/.exec(line)
    const setting = /^([\w-]+)\s*[=:]\s*(.*)$/.exec(line)
    if (header !== null) {
      section = header[1] ?? ''
      key = ''
    } else if (setting !== null) key = setting[1] ?? ''
    const value = (setting === null ? line : (setting[2] ?? '')).trim()
    if (header !== null || value === '') continue
    if (section === 'options' && /^package[_-]dir$/.test(key)) {
      const [name = '', dir = ''] = value.split('=').map((part) => part.trim())
      roots.push(...packageRoot(name, dir))
    } else if (section === 'options.packages.find' && key === 'where') roots.push(value)
  }
  return roots
}

function setupRoots(text: string): readonly string[] {
  const roots: string[] = []
  for (const [, table = ''] of text.matchAll(/package_dir\s*=\s*(?:\{([^}]{0,2000})\}|dict\()/g))
    for (const [, name = '', dir = ''] of table.matchAll(/["']([\w.]*)["']\s*:\s*["']([^"']*)["']/g))
      roots.push(...packageRoot(name, dir))
  for (const [, where = ''] of text.matchAll(/find_(?:namespace_)?packages\(\s*(?:where\s*=\s*)?["']([^"']+)["']/g))
    roots.push(where)
  return roots
}
