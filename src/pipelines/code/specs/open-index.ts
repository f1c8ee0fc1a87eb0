import type { ImplementationSpec } from '../../../contract/specs.ts'
import type { OrgId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { foldedName } from '../graph/folded-name.ts'
import type { ImportFact } from '../graph/facts.ts'
import { isCode } from '../language.ts'
import type { OpenGraph } from '../graph/open-graph.ts'
import { createResolver } from '../graph/resolve/create-resolver.ts'
import { pathsAfter } from './plan.ts'
import { isManifest, manifestOf } from './manifests.ts'
import type { Gap, IndexedSymbol, SpecIndex } from './spec-index.ts'
import * as sql from './specs.sql.ts'

/** Texts of files of the indexed commit; null where there is none. */
export type ReadTexts = (paths: readonly string[]) => Promise<readonly (string | null)[]>

const MAX_MANIFESTS = 500
const MAX_SYMBOLS = 5_000
const MAX_LIKE = 50
const MAX_LOCAL_IMPORTS = 5_000
/** Of a name, by which similar ones are looked for. */
const PREFIX = 3

/** What a plan is checked against, read from the index as it is asked for. */
export async function openIndex(
  tenant: Sql,
  {
    org,
    graph,
    spec,
    scope,
    read,
  }: {
    org: OrgId
    graph: OpenGraph
    spec: ImplementationSpec
    /** Repositories whose packages may be imported. */
    scope: readonly string[]
    read: ReadTexts
  },
): Promise<SpecIndex> {
  const key = { org, repository: graph.id }
  const files = await tenant.run(sql.selectPaths, key)
  const paths = files.map(({ path }) => path)
  const texts = async (wanted: readonly string[]): Promise<Map<string, string>> => {
    const found = wanted.length === 0 ? [] : await read(wanted)
    return new Map(wanted.flatMap((path, i) => (typeof found[i] === 'string' ? [[path, found[i]] as const] : [])))
  }
  const manifests = await texts(
    paths.filter((path) => isManifest(path) && !path.includes('node_modules/')).slice(0, MAX_MANIFESTS),
  )
  const resolver = await createResolver({ files: pathsAfter(spec, paths), load: texts })
  const modules = [...(spec.create ?? []), ...(spec.modify ?? [])].flatMap(({ imports = [] }) => imports)
  const provided = new Set(
    (await tenant.run(sql.selectProvided, { org, repositories: scope, modules })).map(({ module }) => module),
  )
  const parsed = [...manifests].map(([path, text]) => manifestOf(path, text))
  return {
    paths,
    gaps: new Map(files.flatMap(gapOf)),
    manifests: parsed,
    workspaceNames: new Set(parsed.flatMap(({ name }) => name ?? [])),
    symbolsOf: (wanted) => tenant.run(sql.selectSymbolsOf, { ...key, paths: wanted }),
    symbolsNamed: async (names) => {
      const folded = [...new Set(names.map(foldedName))]
      const found = await tenant.run(sql.selectSymbolsFolded, { ...key, folded, limit: MAX_SYMBOLS })
      const wanted = new Set(names)
      return found.filter(({ name, exportedAs }) => wanted.has(name) || exportedAs.some((one) => wanted.has(one)))
    },
    symbolsLike: async (names): Promise<readonly IndexedSymbol[]> => {
      const from = [...new Set(names.map((name) => foldedName(name).slice(0, PREFIX)))].filter((one) => one !== '')
      const to = from.map((one) => `${one}\u{10FFFF}`)
      return from.length === 0 ? [] : tenant.run(sql.selectSymbolsLike, { ...key, from, to, limit: MAX_LIKE })
    },
    importersOf: (wanted) => tenant.run(sql.selectImportersOf, { ...key, paths: wanted }),
    importsOf: (wanted) => tenant.run(sql.selectImportsOf, { ...key, paths: wanted }),
    localImports: () => tenant.run(sql.selectLocalImports, { ...key, limit: MAX_LOCAL_IMPORTS }),
    resolve: (path, specifier) => {
      const [resolved] = resolver.resolve(path, importOf(specifier))
      const found = resolved?.path ?? null
      if (found === null && provided.has(specifier)) return { path: null, reason: 'external' }
      return { path: found, reason: resolved?.reason ?? null }
    },
  }
}

function importOf(specifier: string): ImportFact {
  return {
    specifier,
    kind: 'import',
    typeOnly: false,
    line: 1,
    names: [{ imported: '*', local: null, exportedAs: null }],
  }
}

function gapOf({
  path,
  language,
  dialect,
  incomplete,
}: {
  path: string
  language: string | null
  dialect: string | null
  incomplete: boolean | null
}): [string, Gap][] {
  if (dialect === null && isCode(language))
    return [
      [
        path,
        { reason: 'language_unsupported', detail: `The graph is not available for ${language ?? 'this language'}.` },
      ],
    ]
  return incomplete === true
    ? [[path, { reason: 'parse_incomplete', detail: 'The file has syntax errors, so that symbols may be missing.' }]]
    : []
}
