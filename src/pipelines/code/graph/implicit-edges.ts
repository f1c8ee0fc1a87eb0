import { isRunnableTest } from '../snapshot/class-of.ts'
import { dialectOf } from './facts.ts'
import type { EdgeRow } from './graph.sql.ts'
import { baseOf, below, dirOf, upward } from './resolve/paths.ts'
import { isTestConfig, setupsIn, type SetupFile } from './test-setups.ts'

/** An edge without its place among those of its file, which the caller gives it. */
export type ImplicitEdge = Omit<EdgeRow, 'n'> & { readonly dst: string }

export interface ImplicitSources {
  /** Every path of the commit. */
  readonly paths: ReadonlySet<string> | readonly string[]
  /** What was resolved, by importing file. */
  readonly edges: ReadonlyMap<string, readonly EdgeRow[]>
  /** Of the files that `isTestConfig` knows. */
  readonly configTexts?: ReadonlyMap<string, string>
}

/** What the runners of tests load without an import, by the file that it is loaded for. Pure. */
export function implicitEdges({ paths, edges, configTexts = new Map() }: ImplicitSources): Map<string, ImplicitEdge[]> {
  const files: ReadonlySet<string> = paths instanceof Set ? paths : new Set(paths)
  const found = new Found(edges)
  addConftests(files, found)
  addManualMocks(files, edges, found)
  addSetups({ files, edges, configTexts }, found)
  return found.edges
}

interface Known {
  readonly files: ReadonlySet<string>
  readonly edges: ImplicitSources['edges']
  readonly configTexts: ReadonlyMap<string, string>
}

/** Files that are loaded for one test, and for all of them; nobody has written more. */
const MAX_FOR_ONE = 50
const MAX_FOR_ALL = 500_000

class Found {
  readonly edges = new Map<string, ImplicitEdge[]>()
  readonly #known = new Map<string, Set<string | null>>()
  readonly #resolved: ReadonlyMap<string, readonly EdgeRow[]>
  #left = MAX_FOR_ALL

  constructor(resolved: ReadonlyMap<string, readonly EdgeRow[]>) {
    this.#resolved = resolved
  }

  add(src: string, dst: string, specifier: string): void {
    const own = this.edges.get(src) ?? []
    if (src === dst || own.length >= MAX_FOR_ONE || this.#left === 0) return
    const known = this.#knownOf(src)
    if (known.has(dst)) return
    known.add(dst)
    own.push({ ...WHOLE, dst, specifier })
    this.edges.set(src, own)
    this.#left--
  }

  /** What all of the file depends on anyway. */
  #knownOf(src: string): Set<string | null> {
    const before = this.#known.get(src)
    if (before !== undefined) return before
    const wholly = (this.#resolved.get(src) ?? []).filter(
      ({ typeOnly, uses }) => !typeOnly && (uses === null || uses.includes(USES)),
    )
    const known = new Set(wholly.map(({ dst }) => dst))
    this.#known.set(src, known)
    return known
  }
}

const USES = '"*":["*"]'
const WHOLE = {
  reason: null,
  kind: 'reference',
  typeOnly: false,
  line: 1,
  names: ['*'],
  uses: `{${USES}}`,
  module: null,
} as const

const CONFTEST = 'conftest.py'
const PYTEST = /(?:^|\/)(?:test_[^/]*|[^/]*_tests?|tests|conftest)\.py$/

/** Fixtures of a folder and of those above it. */
function addConftests(files: ReadonlySet<string>, found: Found): void {
  const inFolder = new Map<string, readonly string[]>()
  const conftestsOf = (dir: string): readonly string[] => {
    const known = inFolder.get(dir)
    if (known !== undefined) return known
    const all = upward(dir)
      .map((above) => below(above, CONFTEST))
      .filter((path) => files.has(path))
    inFolder.set(dir, all)
    return all
  }
  for (const path of files) {
    if (!PYTEST.test(path) || dialectOf(path) === null) continue
    for (const conftest of conftestsOf(dirOf(path))) found.add(path, conftest, CONFTEST)
  }
}

const MOCKS = '__mocks__'
const EXTENSION = /(?:\.d)?\.[^./]+$/

/** Of a module that is mocked, what stands beside it to replace it; of a package, beside its `node_modules`. */
function addManualMocks(files: ReadonlySet<string>, edges: ImplicitSources['edges'], found: Found): void {
  const mocks = new Map<string, string[]>()
  for (const path of files) {
    if (!`/${path}`.includes(`/${MOCKS}/`) || dialectOf(path) === null) continue
    const key = path.replace(EXTENSION, '')
    mocks.set(key, [...(mocks.get(key) ?? []), path])
  }
  if (mocks.size === 0) return
  for (const [src, rows] of edges) {
    for (const { kind, dst, specifier } of rows) {
      if (kind !== 'mock') continue
      for (const key of mockKeys(src, dst, specifier))
        for (const path of mocks.get(key) ?? []) found.add(src, path, specifier ?? MOCKS)
    }
  }
}

/** Paths without their extensions. */
function mockKeys(src: string, dst: string | null, specifier: string | null): string[] {
  const beside = dst === null ? [] : [below(below(dirOf(dst), MOCKS), baseOf(dst).replace(EXTENSION, ''))]
  if (specifier === null || /^[./]/.test(specifier)) return beside
  const name = specifier.replace(/^node:/, '')
  return [...beside, ...upward(dirOf(src)).map((dir) => below(below(dir, MOCKS), name))]
}

/** What the configuration of vitest or jest has run before each test, or before all. */
function addSetups({ files, edges, configTexts }: Known, found: Found): void {
  const byDir = new Map<string, SetupFile[]>()
  for (const [path, text] of configTexts) {
    const setups = isTestConfig(path) ? setupsIn(path, text, files) : { dirs: [], files: [] }
    if (setups.files.length === 0) continue
    for (const dir of setups.dirs) byDir.set(dir, [...(byDir.get(dir) ?? []), ...setups.files])
  }
  if (byDir.size === 0) return
  const imported = importedIn(edges)
  for (const path of files) {
    const dialect = dialectOf(path)
    if (dialect === null || dialect === 'py' || !isRunnableTest(path, imported.has(path))) continue
    for (const dir of upward(dirOf(path)))
      for (const setup of byDir.get(dir) ?? []) found.add(path, setup.path, setup.specifier)
  }
}

function importedIn(edges: ImplicitSources['edges']): ReadonlySet<string> {
  const imported = new Set<string>()
  for (const [src, rows] of edges) for (const { dst } of rows) if (dst !== null && dst !== src) imported.add(dst)
  return imported
}
