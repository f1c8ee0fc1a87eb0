import { isTable, own, ownString, stringsOf, type Table } from '../config-text.ts'
import { patternMatcher } from './globs.ts'
import type { Output } from './package-entry.ts'
import { baseOf, dirOf, joinPath, relativeTo } from '../paths.ts'
import type { FileIndex } from './probe.ts'
import { type ConfigReader, placeOf, type Setting, type Settings } from './tsconfig-text.ts'

const MAX_PATTERNS = 1_000
/** For one pattern of `paths`, or one list of files or directories. */
const MAX_LISTED = 200
const MAX_REFERENCES = 100
const NEVER_INCLUDED = ['node_modules', 'bower_components', 'jspm_packages']

interface PathPattern {
  readonly prefix: string
  readonly suffix: string
  readonly targets: readonly string[]
}

export interface TsConfig {
  readonly path: string
  /** Directory that bare specifiers are relative to. */
  readonly baseUrl: string | null
  readonly rootDirs: readonly string[]
  /** `exports` of packages are not looked at. */
  readonly isClassic: boolean
  /** Places that `paths` gives for a specifier, in order; null when no pattern is for it. */
  placesOf(specifier: string): Mapped | null
  includes(path: string): boolean
}

export interface Mapped {
  readonly places: readonly string[]
  /** By `*` alone, so that it says nothing about what is meant. */
  readonly isAnything: boolean
}

/** What holds for a file; the same object for all files that have the same. */
export interface Scope {
  /** That of the file, and then what else is configured beside it, for aliases that it does not have. */
  readonly configs: readonly TsConfig[]
}

const NO_SCOPE: Scope = { configs: [] }

interface Group {
  readonly configs: readonly TsConfig[]
  /** There is a `tsconfig.json`, so that a file which nothing includes belongs to it all the same. */
  readonly isMain: boolean
  readonly scopes: Map<TsConfig | null, Scope>
}

export class TsConfigs {
  readonly #reader: ConfigReader
  readonly #index: FileIndex
  readonly #paths = new Map<string, string[]>()
  readonly #configs = new Map<string, TsConfig>()
  readonly #groups = new Map<string, readonly Group[]>()

  constructor(reader: ConfigReader, index: FileIndex, paths: Iterable<string>) {
    this.#reader = reader
    this.#index = index
    for (const path of paths) {
      if (!isConfig(path)) continue
      const dir = dirOf(path)
      this.#paths.set(dir, [...(this.#paths.get(dir) ?? []), path])
    }
  }

  scopeOf(path: string): Scope {
    for (const group of this.#groupsOf(dirOf(path))) {
      const [only] = group.configs
      const isAlone = group.isMain && group.configs.length === 1
      const chosen = isAlone ? only : group.configs.find((config) => config.includes(path))
      if (chosen !== undefined || group.isMain) return scopeIn(group, chosen ?? null)
    }
    return NO_SCOPE
  }

  /** Where the configurations in a directory compile to. */
  outputs(dir: string): readonly Output[] {
    return (this.#paths.get(dir) ?? []).flatMap((path) => {
      const settings = this.#reader.settings(path)
      const place = (key: string): string | null => settingPlace(settings.get(key), dir)
      const root = place('rootDir')
      const sources = root === null ? [dir, joinPath(dir, 'src') ?? dir] : [root]
      return ['outDir', 'declarationDir'].flatMap((key) => {
        const built = place(key)
        return built === null || sources.includes(built) ? [] : { built, sources }
      })
    })
  }

  /** From the directory upward. */
  #groupsOf(dir: string): readonly Group[] {
    const known = this.#groups.get(dir)
    if (known !== undefined) return known
    const above = dir === '' ? [] : this.#groupsOf(dirOf(dir))
    const here = this.#groupAt(dir)
    const groups = here === null ? above : [here, ...above]
    this.#groups.set(dir, groups)
    return groups
  }

  #groupAt(dir: string): Group | null {
    const paths = (this.#paths.get(dir) ?? []).toSorted()
    const main =
      paths.find((path) => baseOf(path) === 'tsconfig.json') ?? paths.find((path) => baseOf(path) === 'jsconfig.json')
    const others = paths.filter((path) => baseOf(path) !== 'jsconfig.json')
    const all = new Set([...(main === undefined ? [] : [main, ...this.#referencesOf(main)]), ...others])
    const configs = [...all].flatMap((path) => this.#configAt(path) ?? [])
    if (configs.length === 0) return null
    return { configs, isMain: configs[0]?.path === main, scopes: new Map() }
  }

  /** Those of references too. */
  #referencesOf(main: string): ReadonlySet<string> {
    const found = new Set([main])
    for (const path of found) {
      const references = own(this.#reader.table(path), 'references')
      for (const reference of Array.isArray(references) ? references : []) {
        const written = ownString(reference, 'path')
        const place = written === null ? null : placeOf(written, dirOf(path), dirOf(path))
        if (place === null || found.size > MAX_REFERENCES) continue
        const inside = place === '' ? 'tsconfig.json' : `${place}/tsconfig.json`
        const at = [place, inside, `${place}.json`].find((one) => this.#index.has(one))
        if (at !== undefined) found.add(at)
      }
    }
    return found
  }

  #configAt(path: string): TsConfig | null {
    const known = this.#configs.get(path)
    if (known !== undefined) return known
    const table = this.#reader.table(path)
    if (table === null) return null
    const config = createConfig(path, this.#reader.settings(path))
    this.#configs.set(path, config)
    return config
  }
}

function isConfig(path: string): boolean {
  return /^(?:tsconfig[^/]*|jsconfig)\.json$/.test(baseOf(path))
}

function scopeIn({ configs, scopes }: Group, chosen: TsConfig | null): Scope {
  let scope = scopes.get(chosen)
  if (scope === undefined) {
    scope = { configs: chosen === null ? configs : [chosen, ...configs.filter((config) => config !== chosen)] }
    scopes.set(chosen, scope)
  }
  return scope
}

function settingPlace(setting: Setting | undefined, configDir: string): string | null {
  return typeof setting?.value === 'string' ? placeOf(setting.value, setting.dir, configDir) : null
}

function createConfig(path: string, settings: Settings): TsConfig {
  const dir = dirOf(path)
  const baseUrl = settingPlace(settings.get('baseUrl'), dir)
  const rootDirs = settings.get('rootDirs')
  const resolution = settings.get('moduleResolution')?.value
  return {
    path,
    baseUrl,
    rootDirs: (stringsOf(rootDirs?.value) ?? [])
      .slice(0, MAX_LISTED)
      .flatMap((one) => placeOf(one, rootDirs?.dir ?? dir, dir) ?? []),
    isClassic: typeof resolution === 'string' && /^(?:node|node10|classic)$/i.test(resolution),
    placesOf: mapperOf(settings.get('paths'), baseUrl, dir),
    includes: filterOf(settings, dir),
  }
}

function mapperOf(
  setting: Setting | undefined,
  baseUrl: string | null,
  configDir: string,
): (specifier: string) => Mapped | null {
  if (!isTable(setting?.value)) return () => null
  const { exact, patterns } = readPatterns(setting.value)
  const base = baseUrl ?? setting.dir
  return (specifier) => {
    const targets = exact.get(specifier)
    const found = targets === undefined ? patterns.find((one) => fits(one, specifier)) : undefined
    if (targets === undefined && found === undefined) return null
    const star = found === undefined ? '' : specifier.slice(found.prefix.length, specifier.length - found.suffix.length)
    const places = (targets ?? found?.targets ?? []).flatMap(
      (target) =>
        placeOf(
          target.replace('*', () => star),
          base,
          configDir,
        ) ?? [],
    )
    return { places, isAnything: found?.prefix === '' && found.suffix === '' }
  }
}

function fits({ prefix, suffix }: PathPattern, specifier: string): boolean {
  return specifier.length >= prefix.length + suffix.length && specifier.startsWith(prefix) && specifier.endsWith(suffix)
}

function readPatterns(paths: Table): { exact: Map<string, readonly string[]>; patterns: PathPattern[] } {
  const exact = new Map<string, readonly string[]>()
  const patterns: PathPattern[] = []
  for (const [key, value] of Object.entries(paths)) {
    const targets = stringsOf(value)?.slice(0, MAX_LISTED)
    if (targets === undefined) continue
    const star = key.indexOf('*')
    if (star === -1) exact.set(key, targets)
    else patterns.push({ prefix: key.slice(0, star), suffix: key.slice(star + 1), targets })
  }
  return { exact, patterns: patterns.toSorted((a, b) => b.prefix.length - a.prefix.length).slice(0, MAX_PATTERNS) }
}

function filterOf(settings: Settings, configDir: string): (path: string) => boolean {
  const placesOf = (key: string): readonly string[] | null => {
    const setting = settings.get(`#${key}`)
    const listed = stringsOf(setting?.value)
    if (setting === undefined || listed === null) return null
    return listed.slice(0, MAX_LISTED).flatMap((one) => placeOf(one, setting.dir, configDir) ?? [])
  }
  const files = placesOf('files')
  const include = (placesOf('include') ?? (files === null ? [configDir] : [])).map(coverage)
  const outDir = settingPlace(settings.get('outDir'), configDir)
  const usual = NEVER_INCLUDED.flatMap((one) => joinPath(configDir, one) ?? [])
  const built = outDir === null || outDir === configDir ? [] : [outDir]
  const exclude = (placesOf('exclude') ?? [...usual, ...built]).map(coverage)
  const listed = new Set(files)
  return (path) =>
    listed.has(path) || (include.some((covers) => covers(path)) && !exclude.some((covers) => covers(path)))
}

/** A pattern for a directory is one for all that is below it. */
function coverage(pattern: string): (path: string) => boolean {
  if (!/[*?{]/.test(pattern)) return (path) => relativeTo(pattern, path) !== null
  const [itself, inside] = [patternMatcher(pattern), patternMatcher(`${pattern}/**`)]
  return (path) => itself(path) || inside(path)
}
