/** Which edges only one of the two found, and why. An edge is a pair of files; those from a file to itself do not count. */
import type { CruisedModule } from './dependency-cruiser.ts'
import type { Found } from './make-graph.ts'

export interface Difference {
  readonly count: number
  /** Source, destination and what stands in the source. */
  readonly examples: readonly string[]
}

export interface Comparison {
  readonly edges: number
  readonly referenceEdges: number
  readonly both: number
  readonly onlyTenon: Readonly<Record<string, Difference>>
  readonly onlyReference: Readonly<Record<string, Difference>>
}

type Dependency = CruisedModule['dependencies'][number]
const EXAMPLES = 3

export function compareEdges(
  imports: readonly Found[],
  modules: readonly CruisedModule[],
  packages: ReadonlySet<string>,
): Comparison {
  const ours = Map.groupBy(
    imports.filter(({ src, dst }) => dst !== null && dst !== src),
    ({ src, dst }) => pairOf(src, dst ?? ''),
  )
  const theirs = new Map<string, { source: string; dependency: Dependency }>()
  for (const { source, dependencies } of modules)
    for (const dependency of dependencies)
      if (!dependency.couldNotResolve && !dependency.coreModule && dependency.resolved !== source)
        theirs.set(pairOf(source, dependency.resolved), { source, dependency })
  const cruised = new Map(modules.map(({ source, dependencies }) => [source, dependencies]))
  const bySource = Map.groupBy(imports, ({ src }) => src)
  const only = [...ours].filter(([pair]) => !theirs.has(pair))
  const lost = [...theirs].filter(([pair]) => !ours.has(pair))
  return {
    edges: ours.size,
    referenceEdges: theirs.size,
    both: ours.size - only.length,
    onlyTenon: counted(
      only.map(([pair, found]) => [
        causeOfOurs(found, cruised.get(found[0]?.src ?? ''), packages),
        pair,
        found[0]?.specifier,
      ]),
    ),
    onlyReference: counted(
      lost.map(([pair, { source, dependency }]) => [
        causeOfTheirs(dependency, bySource.get(source) ?? []),
        pair,
        dependency.module,
      ]),
    ),
  }
}

function pairOf(src: string, dst: string): string {
  return `${src} > ${dst}`
}

/** Why the reference does not have an edge. */
function causeOfOurs(
  found: readonly Found[],
  seen: readonly Dependency[] | undefined,
  packages: ReadonlySet<string>,
): string {
  if (found.some(({ src }) => /\.pyi?$/.test(src))) return 'Python'
  const [special] = found.map(({ kind }) => kind).filter((kind) => ['mock', 'url', 'reference'].includes(kind))
  if (special !== undefined && found.every(({ kind }) => kind === special)) return special
  if (seen === undefined) return 'file not read by the reference'
  const specifiers = new Set(found.map(({ specifier }) => specifier))
  const named = seen.filter(({ module }) => specifiers.has(module))
  if (named.length === 0) return found.every(({ typeOnly }) => typeOnly) ? 'types alone, not seen' : 'import not seen'
  if (named.some(({ couldNotResolve }) => !couldNotResolve)) return 'resolved to another file'
  const [{ module } = { module: '' }] = named
  if (module.startsWith('.')) return 'relative path of what a build makes'
  if (packages.has(packageOf(module))) return 'workspace package, exports lead to what a build makes'
  return 'alias of another tsconfig or package'
}

/** Why Tenon does not have an edge. */
function causeOfTheirs({ module }: Dependency, imports: readonly Found[]): string {
  const named = imports.filter(({ specifier }) => specifier === module)
  if (named.some(({ dst }) => dst !== null)) return 'resolved to another file'
  const [first] = named
  return first === undefined ? 'import not seen' : `taken for ${first.reason ?? 'nothing'}`
}

function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function counted(
  edges: readonly (readonly [cause: string, pair: string, specifier: string | null | undefined])[],
): Record<string, Difference> {
  const groups = [...Map.groupBy(edges, ([cause]) => cause)].toSorted(([, a], [, b]) => b.length - a.length)
  return Object.fromEntries(
    groups.map(([cause, those]) => [
      cause,
      {
        count: those.length,
        examples: those.slice(0, EXAMPLES).map(([, pair, specifier]) => `${pair} ('${specifier ?? ''}')`),
      },
    ]),
  )
}
