import { builtinModules } from 'node:module'
import type { ImportFact } from '../facts.ts'
import { PackageEntries } from './javascript/package-entry.ts'
import { type Packages, readPackages } from './javascript/packages.ts'
import { below, dirOf, joinPath, relativeTo, upward } from './paths.ts'
import { type FileIndex, indexFiles, probeFile } from './javascript/probe.ts'
import { publicModulesOf } from './javascript/public-modules.ts'
import type { PublicModule, Resolved, Resolver, UnresolvedReason } from './resolver.ts'
import { targetsOf } from './javascript/exports.ts'
import { type Scope, type TsConfig, TsConfigs } from './javascript/tsconfig.ts'
import { ConfigReader } from './javascript/tsconfig-text.ts'

const BUILTINS: ReadonlySet<string> = new Set(builtinModules)
const BUILTIN_SCHEME = /^(?:node|bun|cloudflare|deno|workerd):/
const SCHEME = /^(?:[a-z][a-z0-9+.-]*:|\0|\/\/)/i
const PACKAGE = /^(?:@[\w~-][\w.~-]*\/)?[\w-][\w.~-]*$/
const INSTALLED = /(?:^|\/)node_modules(?:\/|$)/
const MAX_SPECIFIER = 2_000

/** Modules that a framework makes; only where its package is declared. */
const MADE: readonly (readonly [RegExp, string])[] = [
  [/^\$(?:app|env|service-worker)(?:\/|$)/, '@sveltejs/kit'],
  [/^#(?:app|imports|components|build|internal|head|vue-router)(?:\/|$)/, 'nuxt'],
]
/** What everyone means by an alias, where the configuration of a bundler says so and none of TypeScript does. */
const USUAL: readonly (readonly [RegExp, readonly string[]])[] = [
  [/^[@~]\//, ['src', '', 'app']],
  [/^\$lib(?:\/|$)/, ['src/lib']],
  [/^(?:@@|~~)\//, ['']],
]

export interface ConfigSources {
  readonly files: ReadonlySet<string>
  /** Of every configuration that `create-resolver.ts` knows to load. */
  readonly texts: ReadonlyMap<string, string>
  /** Of the same files, where it is made already. */
  readonly index?: FileIndex
}

export interface JavaScriptConfigs {
  readonly index: FileIndex
  readonly packages: Packages
  readonly entries: PackageEntries
  readonly reader: ConfigReader
  readonly tsConfigs: TsConfigs
}

export function readJavaScriptConfigs({ files, texts, index = indexFiles(files) }: ConfigSources): JavaScriptConfigs {
  const packages = readPackages(texts)
  // What a configuration extends is no product of a build.
  const plain = new PackageEntries({ index, packages, outputs: () => [] })
  const reader = new ConfigReader({ index, packages, entries: plain, texts })
  const tsConfigs = new TsConfigs(reader, index, texts.keys())
  const entries = new PackageEntries({ index, packages, outputs: (dir) => tsConfigs.outputs(dir) })
  return { index, packages, entries, reader, tsConfigs }
}

type Outcome = Omit<Resolved, 'names'>

/** Files of one directory for which the same holds. */
interface Importer {
  readonly dir: string
  readonly scope: Scope
  /** By specifier, and the same for those that are meant as a path. */
  readonly modules: Map<string, Outcome>
  readonly files: Map<string, Outcome>
}

export function createJavaScriptResolver(from: ConfigSources): Resolver {
  return new JavaScriptResolver(readJavaScriptConfigs(from))
}

function at(path: string): Outcome {
  return { path, reason: null, module: null }
}

function none(reason: UnresolvedReason, module: string | null = null): Outcome {
  return { path: null, reason, module }
}

class JavaScriptResolver implements Resolver {
  readonly #index: FileIndex
  readonly #packages: Packages
  readonly #entries: PackageEntries
  readonly #tsConfigs: TsConfigs
  readonly #byPath = new Map<string, Importer>()
  readonly #byScope = new Map<Scope, Map<string, Importer>>()
  #modules: readonly PublicModule[] | null = null

  constructor({ index, packages, entries, tsConfigs }: JavaScriptConfigs) {
    this.#index = index
    this.#packages = packages
    this.#entries = entries
    this.#tsConfigs = tsConfigs
  }

  resolve(path: string, { specifier, kind, names }: ImportFact): readonly Resolved[] {
    const imported = names.map((name) => name.imported)
    if (specifier === null) return [{ ...none('not_literal'), names: imported }]
    const importer = this.#importerOf(path)
    const isFile = kind === 'url' || kind === 'reference'
    const known = isFile ? importer.files : importer.modules
    let found = known.get(specifier)
    if (found === undefined) {
      const { dir, scope } = importer
      found = isFile ? this.#file(dir, specifier, scope) : this.#module(dir, specifier, scope)
      known.set(specifier, found)
    }
    // `new URL('./src', import.meta.url)` means what stands there.
    if (kind === 'url' && found.reason === 'not_found' && this.#isDirectory(importer.dir, specifier)) return []
    return [{ ...found, names: imported }]
  }

  #isDirectory(dir: string, specifier: string): boolean {
    const place = isRelative(specifier) ? joinPath(dir, withoutQuery(specifier)) : null
    return place !== null && this.#index.hasDirectory(place)
  }

  publicModules(): readonly PublicModule[] {
    this.#modules ??= publicModulesOf(this.#index, this.#packages, this.#entries)
    return this.#modules
  }

  #importerOf(path: string): Importer {
    let importer = this.#byPath.get(path)
    if (importer !== undefined) return importer
    const dir = dirOf(path)
    const scope = this.#tsConfigs.scopeOf(path)
    let byDir = this.#byScope.get(scope)
    if (byDir === undefined) this.#byScope.set(scope, (byDir = new Map<string, Importer>()))
    importer = byDir.get(dir) ?? { dir, scope, modules: new Map(), files: new Map() }
    byDir.set(dir, importer)
    this.#byPath.set(path, importer)
    return importer
  }

  /** What is meant as a path whether or not it begins with a dot. */
  #file(dir: string, specifier: string, scope: Scope): Outcome {
    if (isRelative(specifier)) return this.#module(dir, specifier, scope)
    const place = SCHEME.test(specifier) || specifier.startsWith('/') ? null : joinPath(dir, withoutQuery(specifier))
    const found = place === null ? null : probeFile(this.#index, place)
    if (found !== null) return at(found)
    const outcome = this.#module(dir, specifier, scope)
    const isPath = outcome.reason === 'undeclared' && /\.[cm]?[jt]sx?$/.test(specifier)
    return isPath ? none('not_found') : outcome
  }

  #module(dir: string, written: string, scope: Scope): Outcome {
    // Behind the loaders of webpack: `!!raw-loader!./x`.
    const specifier = written.includes('!') ? written.slice(written.lastIndexOf('!') + 1) : written
    if (specifier === '' || written.length > MAX_SPECIFIER) return none('not_found')
    if (isRelative(specifier)) return this.#relative(dir, specifier, scope)
    if (specifier.startsWith('/') && !specifier.startsWith('//')) return this.#rooted(dir, specifier)
    return this.#bare(dir, withoutQuery(specifier), scope)
  }

  #relative(dir: string, specifier: string, scope: Scope): Outcome {
    const plain = withoutQuery(specifier)
    const place = joinPath(dir, plain)
    if (place === null) return none('not_found')
    const whole = plain === specifier ? null : joinPath(dir, specifier)
    if (whole !== null && this.#index.has(whole)) return at(whole)
    const found = this.#place(place, /(?:^|\/)\.{0,2}$/.test(plain))
    if (found !== null) return at(found)
    const elsewhere = this.#inRootDirs(place, scope.configs[0]) ?? this.#installed(place) ?? this.#entries.built(place)
    if (elsewhere !== null) return at(elsewhere)
    return none(INSTALLED.test(place) ? 'external' : 'not_found')
  }

  #place(place: string, isDirectory: boolean): string | null {
    return isDirectory ? this.#entries.probeDirectory(place) : this.#entries.probe(place)
  }

  #inRootDirs(place: string, config: TsConfig | undefined): string | null {
    const inside = (config?.rootDirs ?? []).filter((root) => relativeTo(root, place) !== null)
    const [own] = inside.toSorted((a, b) => b.length - a.length)
    const rest = own === undefined ? null : relativeTo(own, place)
    if (rest === null) return null
    for (const root of config?.rootDirs ?? []) {
      const found = root === own ? null : this.#entries.probe(below(root, rest))
      if (found !== null) return found
    }
    return null
  }

  /** As Vite has it: from the directory of the package, or that of its public files. */
  #rooted(dir: string, specifier: string): Outcome {
    const plain = withoutQuery(specifier)
    for (const root of [this.#packages.nearest(dir)?.dir ?? '', '']) {
      for (const folder of ['.', 'public']) {
        const place = joinPath(root, `${folder}${plain}`)
        const found = place === null ? null : this.#entries.probe(place)
        if (found !== null) return at(found)
      }
    }
    return none('not_found')
  }

  #bare(dir: string, specifier: string, scope: Scope): Outcome {
    const [config] = scope.configs
    const mapped = config?.placesOf(specifier) ?? null
    const found = this.#mapped(config, specifier)
    if (found !== null) return at(found)
    if (BUILTINS.has(specifier) || specifier === 'bun' || BUILTIN_SCHEME.test(specifier)) return none('builtin')
    if (SCHEME.test(specifier)) return none('external')
    const based = mapped === null ? this.#based(config, specifier) : null
    if (based !== null) return at(based)
    if (specifier.startsWith('#')) return this.#imported(dir, specifier, scope)
    return this.#inPackage(dir, specifier, scope, mapped !== null && !mapped.isAnything)
  }

  #mapped(config: TsConfig | undefined, specifier: string): string | null {
    for (const place of config?.placesOf(specifier)?.places ?? []) {
      const found = this.#entries.probe(place) ?? this.#installed(place) ?? this.#entries.built(place)
      if (found !== null) return found
    }
    return null
  }

  /** A path may lead to where a member of the workspace is linked. */
  #installed(place: string): string | null {
    const start = place.lastIndexOf('node_modules/')
    if (start === -1) return null
    const { name, subpath } = splitPackage(place.slice(start + 'node_modules/'.length))
    const found = this.#packages.member(name, dirOf(place.slice(0, start)))
    return found && this.#entries.resolve(found, subpath, true)
  }

  #based(config: TsConfig | undefined, specifier: string): string | null {
    const place = typeof config?.baseUrl === 'string' ? joinPath(config.baseUrl, specifier) : null
    return place === null ? null : this.#entries.probe(place)
  }

  #imported(dir: string, specifier: string, scope: Scope): Outcome {
    const owner = this.#packages.nearest(dir)
    const found = owner?.imports && targetsOf(owner.imports, specifier)
    if (owner && found) {
      const path = this.#entries.firstOf(
        owner,
        found.targets.filter((target) => target.startsWith('./')),
      )
      if (path !== null) return at(path)
      const other = found.targets.find((target) => !target.startsWith('.') && !target.startsWith('#'))
      return other === undefined ? none('not_found') : this.#bare(owner.dir, other, scope)
    }
    return this.#elsewhere(dir, specifier, scope) ?? none('not_found')
  }

  #inPackage(dir: string, specifier: string, scope: Scope, isAlias: boolean): Outcome {
    const { name, subpath } = splitPackage(specifier)
    const member = this.#packages.member(name, dir)
    if (member !== null) {
      const found = this.#entries.resolve(member, subpath, scope.configs[0]?.isClassic === true)
      return found === null ? none('not_found') : at(found)
    }
    const isName = PACKAGE.test(name)
    if (isName && this.#packages.declares(name, dir)) return none('external', specifier)
    const elsewhere = this.#elsewhere(dir, specifier, scope)
    if (elsewhere !== null) return elsewhere
    return isAlias || !isName ? none('not_found') : none('undeclared', specifier)
  }

  /** By what is configured for other files beside, or by convention; only what is there. */
  #elsewhere(dir: string, specifier: string, { configs }: Scope): Outcome | null {
    for (const config of configs.slice(1)) {
      const found = this.#mapped(config, specifier)
      if (found !== null) return at(found)
    }
    if (MADE.some(([shape, name]) => shape.test(specifier) && this.#packages.declares(name, dir)))
      return none('external')
    const folders = USUAL.find(([shape]) => shape.test(specifier))?.[1] ?? []
    const rest = specifier.slice(specifier.indexOf('/') + 1)
    for (const root of folders.length === 0 ? [] : this.#roots(dir)) {
      for (const folder of folders) {
        const place = joinPath(below(root, folder), specifier.includes('/') ? rest : '')
        const found = place === null ? null : this.#entries.probe(place)
        if (found !== null) return at(found)
      }
    }
    return null
  }

  #roots(dir: string): readonly string[] {
    return upward(dir).filter((one) => this.#packages.at(one) !== null)
  }
}

function isRelative(specifier: string): boolean {
  return /^\.\.?(?:$|[/?#])/.test(specifier)
}

/** A leading `#` is an import of the package, and one in a name of a package is none at all. */
function withoutQuery(specifier: string): string {
  if (!specifier.includes('?') && !specifier.includes('#', 1)) return specifier
  const end = specifier.slice(1).search(/[?#]/)
  return end === -1 ? specifier : specifier.slice(0, end + 1)
}

function splitPackage(specifier: string): { readonly name: string; readonly subpath: string } {
  const slash = specifier.indexOf('/', specifier.startsWith('@') ? specifier.indexOf('/') + 1 || specifier.length : 0)
  if (slash === -1) return { name: specifier, subpath: '' }
  return { name: specifier.slice(0, slash), subpath: specifier.slice(slash + 1).replace(/\/+$/, '') }
}
