import { on } from 'node:events'
import { Worker } from 'node:worker_threads'
import { throwIfAborted } from '../../../kernel/tenon-error.ts'
import type { CodeDeps } from '../deps.ts'
import { readingBlobs } from '../git/read-mirror.ts'
import type { MirrorRequest } from '../git/mirror.ts'
import type { TreeFile } from '../git/tree.ts'
import { dialectOf } from '../graph/facts.ts'
import { selectImports } from '../graph/graph.sql.ts'
import type { PublicModule } from '../graph/resolve/resolver.ts'
import type { LinkedFile } from './link-files.ts'
import type { LinkAnswer, LinkRequest } from './link-thread.ts'
import type { IndexCtx } from './shapes.ts'

/** The graph of a commit: what its imports lead to, by importing file. */
export interface CommitGraph {
  readonly files: ReadonlyMap<string, LinkedFile>
  readonly modules: readonly PublicModule[]
  readonly unresolved: number
}

interface Sources {
  readonly tree: readonly TreeFile[]
  /** Of these, the files that can be searched; of the others, such as binary ones, nothing may be kept. */
  readonly searchable: ReadonlySet<string>
  readonly request: MirrorRequest
}

/** Blobs whose imports are read at once. */
const PAGE = 500
/** Larger configuration files are none. */
const MAX_CONFIG_BYTES = 1_000_000
/** Of one commit. An ordinary repository of 20,000 files takes a few seconds; one that is made to take long has no graph. */
const LIMIT_MS = 180_000
const MAX_MEMORY_MB = 2_048

/**
 * Resolves the imports of all files of a commit. What was found in their blobs does not depend on the commit; this does.
 * It is done in a thread: what a repository says of itself may cost any amount of work. null when it costs too much.
 */
export async function graphOf(deps: CodeDeps, ctx: IndexCtx, sources: Sources): Promise<CommitGraph | null> {
  const thread = new Worker(new URL('./link-thread.ts', import.meta.url), {
    resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
  })
  const limit = AbortSignal.timeout(LIMIT_MS)
  const signal = AbortSignal.any([ctx.signal, limit])
  try {
    return await link(thread, deps, { ...ctx, signal }, sources)
  } catch (error) {
    throwIfAborted(ctx.signal)
    if (!limit.aborted && !isOutOfMemory(error)) throw error
    await ctx.say('warn', 'the imports of this commit could not be resolved in time: it has no graph')
    return null
  } finally {
    await thread.terminate()
  }
}

function isOutOfMemory(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY'
}

async function link(thread: Worker, deps: CodeDeps, ctx: IndexCtx, sources: Sources): Promise<CommitGraph> {
  // Everything that the thread says, in order; an error of the thread ends it.
  const answers = on(thread, 'message', { signal: ctx.signal }) as AsyncIterator<[LinkAnswer]>
  const next = async (): Promise<LinkAnswer> => {
    const { value, done } = await answers.next()
    if (done === true) throw new Error('the thread that links files has ended')
    return value[0]
  }
  const say = (request: LinkRequest): void => thread.postMessage(request)
  say({ kind: 'open', paths: sources.tree.map(({ path }) => path) })
  for (let answer = await next(); answer.kind !== 'ready'; answer = await next())
    if (answer.kind === 'load') say({ kind: 'texts', texts: await textsOf(deps, sources, answer.paths) })
  for await (const blobs of importsOf(ctx, sources)) {
    say({ kind: 'add', blobs })
    await next()
  }
  say({ kind: 'finish' })
  const files = new Map<string, LinkedFile>()
  for (let answer = await next(); ; answer = await next()) {
    if (answer.kind === 'files') for (const file of answer.files) files.set(file.path, file)
    if (answer.kind === 'finished') return { files, modules: answer.modules, unresolved: answer.unresolved }
  }
}

/** What was found in the blobs of the commit, page by page, each with the paths that it stands at. */
async function* importsOf(
  ctx: IndexCtx,
  { tree, searchable }: Sources,
): AsyncGenerator<{ readonly paths: readonly string[]; readonly imports: string }[]> {
  const bySha = Map.groupBy(
    tree.filter(({ path }) => dialectOf(path) !== null),
    ({ sha }) => sha,
  )
  const shas = [...bySha.keys()]
  for (let at = 0; at < shas.length; at += PAGE) {
    const key = { org: ctx.org, repository: ctx.input.repository, shas: shas.slice(at, at + PAGE) }
    const page = await ctx.inTenant((tenant) => tenant.run(selectImports, key))
    const read = new Set(page.map(({ sha, dialect }) => `${sha} ${dialect}`))
    const isMissing = key.shas.some((sha) =>
      bySha.get(sha)?.some(({ path }) => searchable.has(path) && !read.has(`${sha} ${dialectOf(path) ?? ''}`)),
    )
    // Another run may have removed what the plan counted on; without it the file would seem to import nothing.
    if (isMissing) throw new Error('a blob of the commit was not parsed')
    yield page.map(({ sha, dialect, imports }) => ({
      paths: (bySha.get(sha) ?? []).flatMap(({ path }) => (dialectOf(path) === dialect ? [path] : [])),
      imports,
    }))
  }
}

/** Texts of the commit's configuration files. */
async function textsOf(
  deps: CodeDeps,
  { tree, request }: Sources,
  paths: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const wanted = new Set(paths)
  const files = tree.filter(({ path, sizeBytes }) => wanted.has(path) && sizeBytes <= MAX_CONFIG_BYTES)
  const shas = [...new Set(files.map(({ sha }) => sha))]
  const texts = new Map<string, string>()
  if (shas.length > 0)
    for await (const { sha, content } of readingBlobs(deps.git, request, shas)) texts.set(sha, content.toString('utf8'))
  return new Map(files.map(({ path, sha }) => [path, texts.get(sha) ?? '']))
}
