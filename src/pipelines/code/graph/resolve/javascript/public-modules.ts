import { dialectOf } from '../../facts.ts'
import type { PackageEntries } from './package-entry.ts'
import type { Package } from './package.ts'
import type { Packages } from './packages.ts'
import { dirOf, relativeTo } from '../paths.ts'
import type { FileIndex } from './probe.ts'
import type { PublicModule } from '../resolver.ts'

const MAX_MODULES = 20_000
/** Each is one resolution. */
const MAX_TRIES = 300_000
const NOT_PUBLIC = /(?:^|\/)(?:tests?|fixtures?|__tests__|__fixtures__|__mocks__|examples?|node_modules)(?:\/|$)/
const TEST = /\.(?:test|spec|stories)\.[^/]+$/
const EXTENSION = /(?:\.d)?\.[cm]?[jt]sx?$|\.(?:vue|svelte)$/

/** What other repositories can import of the packages of this one; main modules first, then by packages. */
export function publicModulesOf(
  index: FileIndex,
  packages: Packages,
  entries: PackageEntries,
): readonly PublicModule[] {
  const named = new Map<string, Package>()
  for (const one of packages.all.toSorted((a, b) => a.dir.length - b.dir.length))
    if (one.name !== null && !NOT_PUBLIC.test(one.dir) && !named.has(one.name)) named.set(one.name, one)
  const found = new Map<string, string>()
  let tries = 0
  const add = (from: Package, subpath: string, expected: string | null): boolean => {
    const module = subpath === '' ? `${from.name}` : `${from.name}/${subpath}`
    if (found.size >= MAX_MODULES || found.has(module) || tries >= MAX_TRIES) return false
    tries++
    const path = entries.resolve(from, subpath, false)
    if (path === null || (expected !== null && path !== expected)) return false
    found.set(module, path)
    return true
  }
  const all = [...named.values()]
  for (const one of all) for (const subpath of exactSubpaths(one)) add(one, subpath, null)
  // A private package is seldom what another repository imports, and may be a large application.
  for (const one of all.toSorted((a, b) => Number(a.private) - Number(b.private))) {
    if (one.exports !== null && one.exports.patterns.length === 0) continue
    for (const path of sourcesOf(index, packages, one)) {
      if (found.size >= MAX_MODULES || tries >= MAX_TRIES) break
      const accepted: string[] = []
      for (const subpath of subpathsFor(one, path)) {
        // A pattern that leads to `dist` would give each file with `src/` before it as well.
        if (one.exports !== null && accepted.some((shorter) => isLonger(subpath, shorter))) continue
        if (add(one, subpath, path)) accepted.push(subpath)
      }
    }
  }
  return [...found].map(([module, path]) => ({ module, path }))
}

function isLonger(subpath: string, shorter: string): boolean {
  const whole = EXTENSION.test(subpath) ? subpath : `${subpath}/index`
  return subpath.endsWith(`/${shorter}`) || whole.endsWith(`/${shorter}`)
}

function exactSubpaths({ exports }: Package): readonly string[] {
  if (exports === null) return ['']
  return [...exports.exact.keys()].filter((key) => key === '.' || key.startsWith('./')).map((key) => key.slice(2))
}

/** Without those of packages in it. */
function sourcesOf(index: FileIndex, packages: Packages, { dir }: Package): readonly string[] {
  return index.within(dir).filter((path) => {
    const relative = relativeTo(dir, path) ?? ''
    if (!isSource(relative) || NOT_PUBLIC.test(relative) || TEST.test(relative)) return false
    return packages.nearest(dirOf(path))?.dir === dir
  })
}

function isSource(path: string): boolean {
  const dialect = dialectOf(path)
  return dialect !== null && dialect !== 'py'
}

/** Those that may be meant for it; which are, `resolve` says. */
function subpathsFor({ dir, exports }: Package, path: string): readonly string[] {
  const relative = relativeTo(dir, path) ?? ''
  const stem = relative.replace(EXTENSION, '')
  const stems = stem.endsWith('/index') ? [stem, stem.slice(0, -'/index'.length)] : [stem]
  if (exports === null) return [relative, ...stems, ...aliasesOf(relative, stems)]
  const js = `${stem}.js`
  const all = [...stems, js, relative].flatMap(tails)
  return all.filter((one) =>
    exports.patterns.some(({ prefix, suffix }) => `./${one}`.startsWith(prefix) && one.endsWith(suffix)),
  )
}

/** As a published package has it. */
function aliasesOf(relative: string, stems: readonly string[]): readonly string[] {
  if (!relative.startsWith('src/')) return []
  const inside = stems.filter((stem) => stem.startsWith('src/')).map((stem) => stem.slice('src/'.length))
  return [...inside, ...inside.flatMap((stem) => [`dist/${stem}`, `lib/${stem}`])]
}

/** `button`, `ui/button` and `src/ui/button`. */
function tails(path: string): readonly string[] {
  const segments = path.split('/')
  return segments.map((_, from) => segments.slice(-1 - from).join('/'))
}
