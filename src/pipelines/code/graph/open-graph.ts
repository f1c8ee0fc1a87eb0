import { basename, dirname, extname } from 'node:path'
import type { Unknown } from '../../../contract/graph.ts'
import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { isCode } from '../language.ts'
import { classOf } from '../snapshot/class-of.ts'
import * as sql from './walk.sql.ts'

export interface GraphFile {
  readonly path: string
  /** Of its blob. */
  readonly sha: string
  readonly language: string | null
  readonly dialect: string | null
  readonly incomplete: boolean | null
}

/** The graph of a repository's indexed commit, and what of it can't be relied on. */
export interface OpenGraph {
  readonly id: RepositoryId
  readonly source: string
  readonly snapshot: { readonly key: string; readonly checksum: string } | null
  readonly about: {
    readonly repository: string
    readonly indexedCommit: string | null
    readonly indexedAt: string | null
  }
  /** Without it nothing can be told; `unknown` says why. */
  readonly isBuilt: boolean
  readonly unknown: readonly Unknown[]
  filesAt(paths: readonly string[]): Promise<readonly GraphFile[]>
  /** Why the graph may miss what depends on these files (`dependents`), or what they depend on. */
  unknownOf(paths: readonly string[], dependents: boolean): Promise<Unknown[]>
}

/** Imports of a repository that lead nowhere, of which so many are looked at. */
const MAX_UNRESOLVED = 2_000
/** So many of them are told apart. */
const MAX_TOLD = 20

/** Times that an answer is made anew because another commit was published meanwhile. */
const ATTEMPTS = 3

/**
 * Each question is a statement of its own: an answer that began with one commit and ended with another is made anew.
 *
 * @param key id or name of the repository
 * @throws TenonError `not_found`, and what `work` throws
 */
export async function onOneCommit<T>(
  tenant: Sql,
  { org, key }: { org: OrgId; key: string },
  work: (graph: OpenGraph) => Promise<T>,
): Promise<T> {
  for (let left = ATTEMPTS; ; left--) {
    const graph = await openGraph(tenant, org, key)
    const answer = await work(graph)
    if (left <= 1) return answer
    const after = await openGraph(tenant, org, graph.id)
    if (after.snapshot?.key === graph.snapshot?.key) return answer
  }
}

async function openGraph(tenant: Sql, org: OrgId, key: string): Promise<OpenGraph> {
  const [row] = await tenant.run(sql.selectGraph, { org, key })
  if (row === undefined) throw new TenonError('not_found')
  const { id, name, source, commit, indexedAt, graphVersion, snapshotKey, snapshotChecksum } = row
  const isBuilt = commit !== null && graphVersion !== null
  const filesAt = (paths: readonly string[]): Promise<readonly GraphFile[]> =>
    tenant.run(sql.selectGraphFiles, { org, repository: id, paths })
  return {
    id,
    source,
    snapshot: snapshotKey === null ? null : { key: snapshotKey, checksum: snapshotChecksum ?? '' },
    about: { repository: name, indexedCommit: commit, indexedAt },
    isBuilt,
    unknown: isBuilt ? [] : [notBuilt(commit)],
    filesAt,
    unknownOf: async (paths, dependents) => {
      const files = await filesAt(paths)
      const unknown = files.flatMap(unknownOfFile)
      if (!dependents) return unknown
      const lost = await tenant.run(sql.selectUnresolved, { org, repository: id, paths: null, limit: MAX_UNRESOLVED })
      const names = new Set(paths.flatMap(namesOf))
      const near = lost.filter(({ specifier, path }) =>
        specifier === null ? mayCompute(path, paths) : names.has(lastPart(specifier)),
      )
      return [
        ...unknown,
        ...near
          .toSorted(sourcesFirst)
          .slice(0, MAX_TOLD)
          .map(({ path, line, specifier }) => ({
            path,
            reason: 'imports_unresolved' as const,
            detail:
              specifier === null
                ? `Line ${line} computes what it imports, which may be what is asked about.`
                : `Line ${line} imports '${specifier}', which leads nowhere and may mean what is asked about.`,
          })),
      ]
    },
  }
}

function notBuilt(commit: string | null): Unknown {
  const detail =
    commit === null
      ? 'No commit of this repository is indexed yet, so that nothing is known of it.'
      : 'This repository has no graph: it was indexed by an older version and is indexed again, or its imports could not be resolved in time, which its latest run tells.'
  return { path: null, reason: 'not_indexed', detail }
}

function unknownOfFile({ path, language, dialect, incomplete }: GraphFile): Unknown[] {
  if (dialect === null && isCode(language))
    return [
      {
        path,
        reason: 'language_unsupported',
        detail: `The graph is not available for this language: ${language ?? 'unknown'}. It can be searched.`,
      },
    ]
  if (incomplete !== true) return []
  return [
    {
      path,
      reason: 'parse_incomplete',
      detail: 'The file has syntax errors or is too large, so that imports may be missing.',
    },
  ]
}

const EXTENSIONS = new Set(['js', 'ts', 'tsx', 'jsx', 'mjs', 'cjs', 'mts', 'cts', 'json'])

/** What the last part of an import of a file can be: where the whole of it should have led is not known. */
function namesOf(path: string): string[] {
  const stem = basename(path, extname(path))
  // `.d.ts`, and files for one platform, as in `button.ios.ts`.
  const first = stem.split('.', 1)[0] ?? stem
  return [stem, first, ...(/^(?:index|__init__)$/.test(first) ? [basename(dirname(path))] : [])]
}

function sourcesFirst(a: { path: string }, b: { path: string }): number {
  return Number(classOf(a.path) === 'test') - Number(classOf(b.path) === 'test')
}

/** What is computed is mostly a file below the folder of the one that imports it, and so in tests. From the root it may be any. */
function mayCompute(from: string, paths: readonly string[]): boolean {
  const dir = dirname(from)
  return dir !== '.' && paths.some((path) => path !== from && path.startsWith(`${dir}/`))
}

function lastPart(specifier: string): string {
  return specifier.split(/[/.]/).findLast((part) => part !== '' && !EXTENSIONS.has(part)) ?? ''
}
