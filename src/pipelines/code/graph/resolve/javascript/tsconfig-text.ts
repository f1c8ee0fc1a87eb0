import { isTable, own, parseJsonc, stringsOf, type Table } from '../config-text.ts'
import type { PackageEntries } from './package-entry.ts'
import type { Packages } from './packages.ts'
import { dirOf, joinPath, relativeTo } from '../paths.ts'
import type { FileIndex } from './probe.ts'

const FILE_KEYS = ['files', 'include', 'exclude']
const CONFIG_DIR = /^\$\{configDir\}(?=\/|$)/
/** In one `extends`, and one behind the other. */
const MAX_BASES = 32

/** A setting, and the directory of the configuration that has it. */
export interface Setting {
  readonly value: unknown
  readonly dir: string
}

/** Compiler options and which files are meant; those of the bases included. */
export type Settings = ReadonlyMap<string, Setting>

export interface ConfigTexts {
  readonly index: FileIndex
  readonly packages: Packages
  readonly entries: PackageEntries
  readonly texts: ReadonlyMap<string, string>
}

/** Reads configurations with what they extend. */
export class ConfigReader {
  readonly #from: ConfigTexts
  readonly #tables = new Map<string, Table | null>()
  readonly #settings = new Map<string, Settings>()

  constructor(from: ConfigTexts) {
    this.#from = from
  }

  /** null when it is broken or not there. */
  table(path: string): Table | null {
    let known = this.#tables.get(path)
    if (known === undefined) this.#tables.set(path, (known = parseJsonc(this.#from.texts.get(path))))
    return known
  }

  settings(path: string, depth = 0): Settings {
    const known = this.#settings.get(path)
    if (known !== undefined || depth > MAX_BASES) return known ?? new Map()
    // What a circle comes back to counts as missing.
    this.#settings.set(path, new Map())
    const merged = new Map<string, Setting>()
    for (const base of this.basesOf(path))
      for (const [key, setting] of this.settings(base, depth + 1)) merged.set(key, setting)
    const dir = dirOf(path)
    const table = this.table(path)
    const options = own(table, 'compilerOptions')
    if (isTable(options)) for (const [key, value] of Object.entries(options)) merged.set(key, { value, dir })
    for (const key of FILE_KEYS) {
      const value = own(table, key)
      if (value !== undefined) merged.set(`#${key}`, { value, dir })
    }
    this.#settings.set(path, merged)
    return merged
  }

  /** Files of the commit that a configuration extends; the last one wins. */
  basesOf(path: string): readonly string[] {
    const value = own(this.table(path), 'extends')
    const written = typeof value === 'string' ? [value] : (stringsOf(value) ?? [])
    return written.slice(0, MAX_BASES).flatMap((one) => this.#baseOf(dirOf(path), one) ?? [])
  }

  #baseOf(dir: string, written: string): string | null {
    const { index, packages, entries } = this.#from
    if (/^\.\.?(?:\/|$)/.test(written) || CONFIG_DIR.test(written)) return this.#jsonAt(placeOf(written, dir, dir))
    const name = /^(?:@[^/]+\/)?[^/]+/.exec(written)?.[0] ?? ''
    const found = packages.member(name, dir)
    if (found === null) return null
    const subpath = written.slice(name.length + 1)
    if (found.exports !== null && subpath !== '') {
      const exported = entries.resolve(found, subpath, false)
      if (exported?.endsWith('.json') === true) return exported
    }
    const place = joinPath(found.dir, subpath === '' ? 'tsconfig.json' : subpath)
    if (place === null || relativeTo(found.dir, place) === null) return null
    return this.#jsonAt(place) ?? (index.has(`${place}/tsconfig.json`) ? `${place}/tsconfig.json` : null)
  }

  #jsonAt(place: string | null): string | null {
    if (place === null) return null
    return [place, `${place}.json`].find((path) => this.#from.index.has(path)) ?? null
  }
}

/** A path as a configuration writes it; null when it is not in the repository. */
export function placeOf(written: string, dir: string, configDir: string): string | null {
  if (CONFIG_DIR.test(written)) return joinPath(configDir, written.replace(CONFIG_DIR, '.'))
  return written.startsWith('/') ? null : joinPath(dir, written)
}
