import { availableParallelism } from 'node:os'
import { throwIfAborted } from '../../../kernel/tenon-error.ts'
import { createBlobCache, type BlobCache, type Blobs } from '../../../platform/blobs/index.ts'
import type { SnapshotShard } from '../snapshot/snapshot.ts'
import type { Compared, Comparison } from '../impact/comparison.ts'
import { packScopes, type FileText, type Position, type ScopeRef, type SearchPage, type Task } from './protocol.ts'
import type { Query } from './query.ts'
import { Parts, shardsOf } from './parts.ts'
import { createSearchers, type Part, type Searchers } from './searchers.ts'

/** A repository that may be read, with its snapshot: what a row under row-level security has given. */
export interface Readable {
  readonly id: string
  readonly name: string
  readonly snapshot: SnapshotShard
}

export interface IndexReaderOptions {
  readonly blobs: Blobs
  /** For copies of parts of the index on this node. */
  readonly dir: string
  /** Of these copies. */
  readonly maxDiskBytes: number
  /** Of the indexes that are held in memory; what one search needs is held in any case. */
  readonly maxMemoryBytes: number
}

/** Reads the index: all work is done in threads. */
export interface IndexReader {
  /** @throws QueryError, DamagedError, TenonError `search_too_slow`, `cancelled`, `unavailable` */
  search(org: string, scopes: readonly Readable[], request: SearchRequest, signal: AbortSignal): Promise<SearchPage>
  /** null when there is no file at this path. @throws DamagedError, TenonError */
  file(org: string, scope: Readable, path: string, signal: AbortSignal): Promise<FileText | null>
  /** Whole texts, with their secrets: never for an answer. null where there is no file. @throws DamagedError, TenonError */
  texts(
    org: string,
    scope: Readable,
    paths: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly (string | null)[]>
  /** What parsers find in the texts on both sides of a change. @throws DamagedError, TenonError */
  compare(org: string, scope: Readable, files: readonly Comparison[], signal: AbortSignal): Promise<readonly Compared[]>
  /** Forgets a part here, so that it is fetched again. */
  drop(key: string): Promise<void>
  /** Forgets what belongs to a repository. */
  dropRepository(org: string, repository: string): Promise<void>
  /** Ids of the repositories of which something is kept on this node's disk. */
  repositories(): Promise<{ org: string; repository: string }[]>
  /** Starts the threads, so that the first search does not wait for them. */
  warmUp(): void
  close(): Promise<void>
}

export interface SearchRequest {
  readonly query: Query
  readonly from: Position | null
  readonly limit: number
}

/** Beyond it a search ends with what it has, and can be gone on with. */
const BUDGET_MS = { literal: 5_000, regex: 3_000 } as const

const COMPARE_MS = 15_000

export function createIndexReader({ blobs, dir, maxDiskBytes, maxMemoryBytes }: IndexReaderOptions): IndexReader {
  const threads = Math.min(Math.max(availableParallelism(), 1), 4)
  // An expression may take its whole time; plain texts do not wait for it.
  const lanes = {
    literal: createSearchers({ dir, threads }),
    regex: createSearchers({ dir, threads: Math.ceil(threads / 2) }),
    // Parsing may take its time, and is asked for seldom: its threads are started when it is.
    parse: createSearchers({ dir, threads: Math.ceil(threads / 2) }),
  }
  const files = createBlobCache({ blobs, dir, maxBytes: maxDiskBytes })
  const all = Object.values(lanes)
  const parts = new Parts({ maxBytes: maxMemoryBytes, files, loader: lanes.literal, lanes: all })
  const reading = readingFrom(files, parts)
  const onOne = onOneOf(reading, lanes)
  const search = searchOf(lanes)
  return {
    search: (org, scopes, request, signal) =>
      reading({ org, scopes, signal }, (used) => search({ org, scopes, request, parts: used, signal })),
    file: (org, scope, path, signal) => {
      const task = { kind: 'file' as const, scope: refOf(scope), path }
      return onOne<FileText | null>({ org, scope, task, lane: 'literal', limitMs: BUDGET_MS.literal, signal })
    },
    texts: (org, scope, paths, signal) => {
      const task = { kind: 'texts' as const, scope: refOf(scope), paths }
      return onOne<readonly (string | null)[]>({
        org,
        scope,
        task,
        lane: 'literal',
        limitMs: BUDGET_MS.literal,
        signal,
      })
    },
    compare: (org, scope, compared, signal) => {
      const task = { kind: 'compare' as const, scope: refOf(scope), files: compared }
      return onOne<readonly Compared[]>({ org, scope, task, lane: 'parse', limitMs: COMPARE_MS, signal })
    },
    drop: async (key) => {
      parts.remove((one) => one === key)
      await files.drop(key)
    },
    dropRepository: async (org, repository) => {
      parts.remove((key) => key.startsWith(`${org}/${repository}/`))
      await files.dropPrefix(`${org}/${repository}`)
    },
    repositories: async () => {
      const orgs = await files.list()
      const found = await Promise.all(
        orgs.map(async (org) => (await files.list(org)).map((repository) => ({ org, repository }))),
      )
      return found.flat()
    },
    warmUp: () => [lanes.literal, lanes.regex].forEach((lane) => lane.warmUp()),
    close: async () => {
      await Promise.all(all.map((lane) => lane.close()))
    },
  }
}

type Lanes = Readonly<Record<'literal' | 'regex' | 'parse', Searchers>>

function searchOf(lanes: Lanes) {
  return async ({
    org,
    scopes,
    request: { query, from, limit },
    parts,
    signal,
  }: {
    org: string
    scopes: readonly Readable[]
    request: SearchRequest
    parts: readonly Part[]
    signal: AbortSignal
  }): Promise<SearchPage> => {
    const limitMs = BUDGET_MS[query.mode]
    const task = {
      kind: 'search' as const,
      query,
      scopes: packScopes(scopes.map(refOf)),
      from,
      limit,
      budgetMs: limitMs,
    }
    return (await lanes[query.mode].perform(org, task, { parts, limitMs, signal })) as SearchPage
  }
}

/** A task about one repository. */
function onOneOf(reading: ReturnType<typeof readingFrom>, lanes: Lanes) {
  return <T>({
    org,
    scope,
    task,
    lane,
    limitMs,
    signal,
  }: {
    org: string
    scope: Readable
    task: Task
    lane: keyof Lanes
    limitMs: number
    signal: AbortSignal
  }): Promise<T> =>
    reading(
      { org, scopes: [scope], signal },
      // What a task of a kind answers is said where the task is made.
      async (used) => (await lanes[lane].perform(org, task, { parts: used, limitMs, signal })) as T,
    )
}

function refOf({ id, name, snapshot }: Readable): ScopeRef {
  return { id, name, snapshot: snapshot.key }
}

/** While the work is done, no file that it reads goes for lack of space. */
function readingFrom(files: BlobCache, parts: Parts) {
  return async <T>(
    { org, scopes, signal }: { org: string; scopes: readonly Readable[]; signal: AbortSignal },
    work: (used: Part[]) => Promise<T>,
  ): Promise<T> => {
    const held = [files.hold(scopes.map(({ snapshot }) => snapshot.key))]
    try {
      const snapshots = await parts.get(
        org,
        scopes.map(({ snapshot }) => ({ what: 'snapshot', ...snapshot })),
      )
      const wanted = shardsOf(snapshots)
      held.push(files.hold(wanted.map(({ key }) => key)))
      const shards = await parts.get(org, wanted)
      throwIfAborted(signal)
      return await work([...snapshots, ...shards])
    } finally {
      for (const release of held) release()
    }
  }
}
