import type { z } from 'zod'
import { type ImplementationSpec, implementationSpec } from '../../../contract/specs.ts'
import { extractFacts } from '../graph/extract/extract.ts'
import { dialectOf } from '../graph/facts.ts'
import { createResolver } from '../graph/resolve/create-resolver.ts'
import { checkSpec } from './check-spec.ts'
import { isManifest, manifestOf } from './manifests.ts'
import { pathsAfter } from './plan.ts'
import type { SpecCheck, SpecRule } from './report.ts'
import type { Gap, IndexedImport, IndexedSymbol, SpecIndex } from './spec-index.ts'

/** Texts by path; what is no text is written as JSON. */
export type Repository = Readonly<Record<string, unknown>>
export type SpecInput = z.input<typeof implementationSpec>

/** The index of a repository in memory: its facts and imports are found as those of a commit are. */
export async function indexOf(
  repository: Repository,
  spec: ImplementationSpec,
  gaps: ReadonlyMap<string, Gap> = new Map(),
): Promise<SpecIndex> {
  const texts = new Map(
    Object.entries(repository).map(([path, text]) => [path, typeof text === 'string' ? text : JSON.stringify(text)]),
  )
  const paths = [...texts.keys()]
  const load = (wanted: readonly string[]): Promise<Map<string, string>> =>
    Promise.resolve(new Map([...texts].filter(([path]) => wanted.includes(path))))
  const [now, after] = await Promise.all([
    createResolver({ files: paths, load }),
    createResolver({ files: pathsAfter(spec, paths), load }),
  ])
  const symbols: IndexedSymbol[] = []
  const imports: IndexedImport[] = []
  for (const [path, text] of texts) {
    const dialect = dialectOf(path)
    if (dialect === null) continue
    const facts = extractFacts(text, dialect)
    for (const { name, line, kind, exportedAs } of facts.symbols) symbols.push({ path, name, line, kind, exportedAs })
    for (const fact of facts.imports)
      for (const { path: target, names } of now.resolve(path, fact))
        if (target !== null && fact.specifier !== null) {
          const { specifier, kind, typeOnly, line } = fact
          imports.push({ path, specifier, target, kind, typeOnly, line, names })
        }
  }
  const manifests = [...texts].filter(([path]) => isManifest(path)).map(([path, text]) => manifestOf(path, text))
  return {
    paths,
    gaps,
    manifests,
    workspaceNames: new Set(manifests.flatMap(({ name }) => name ?? [])),
    symbolsOf: (wanted) => Promise.resolve(symbols.filter(({ path }) => wanted.includes(path))),
    symbolsNamed: (names) =>
      Promise.resolve(
        symbols.filter(({ name, exportedAs }) => names.includes(name) || names.some((one) => exportedAs.includes(one))),
      ),
    symbolsLike: () => Promise.resolve(symbols),
    importersOf: (wanted) => Promise.resolve(imports.filter(({ target }) => wanted.includes(target))),
    importsOf: (wanted) => Promise.resolve(imports.filter(({ path }) => wanted.includes(path))),
    localImports: () => Promise.resolve(imports),
    resolve: (path, specifier) => {
      const names = [{ imported: '*', local: null, exportedAs: null }]
      const [resolved] = after.resolve(path, { specifier, kind: 'import', typeOnly: false, line: 1, names })
      return { path: resolved?.path ?? null, reason: resolved?.reason ?? null }
    },
  }
}

export async function check(
  repository: Repository,
  input: SpecInput,
  gaps: ReadonlyMap<string, Gap> = new Map(),
): Promise<SpecCheck> {
  const spec = implementationSpec.parse(input)
  return checkSpec(spec, await indexOf(repository, spec, gaps))
}

/** What some rules find, in one line each: severity, rule, path and fix. */
export async function found(
  repository: Repository,
  input: SpecInput,
  rules: SpecRule | readonly SpecRule[],
): Promise<readonly string[]> {
  const { findings } = await check(repository, input)
  const wanted = new Set<string>(typeof rules === 'string' ? [rules] : rules)
  return findings
    .filter(({ rule }) => wanted.has(rule))
    .map(({ severity, rule, path, fix }) => `${severity} ${rule} ${path ?? '-'}: ${fix}`)
}

/** So many empty files, called after numbers. */
export function filesNamed(count: number, nameOf: (at: number) => string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, at) => [nameOf(at), '']))
}

const WORDS = ['red', 'green', 'blue', 'gold', 'pink', 'gray', 'black', 'white', 'brown', 'teal', 'lime', 'navy']

/** A word for a number below 12. */
export function wordOf(at: number): string {
  return WORDS[at] ?? `word${at}`
}
