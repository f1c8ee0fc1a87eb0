import { parentPort, workerData } from 'node:worker_threads'
import { join } from 'node:path'
import { maskSecrets } from '../mask.ts'
import { DamagedError, FLAG } from '../shard/format.ts'
import { loadIndex } from '../shard/read-shard.ts'
import { loadSnapshot, Snapshot } from '../snapshot/snapshot.ts'
import { findWindow, type Scope } from './find.ts'
import { showHits } from './page.ts'
import {
  unpackScopes,
  type Answer,
  type Failure,
  type FileText,
  type Request,
  type ScopeRef,
  type SearchPage,
  type Task,
} from './protocol.ts'
import { QueryError } from './query.ts'
import { ShardStore } from './shard-store.ts'

/** One search after the other, synchronously: whatever takes too long here is ended with the thread. */
const { dir } = workerData as { dir: string }
const store = new ShardStore(dir)
const snapshots = new Map<string, Snapshot>()

parentPort?.on('message', (request: Request) => void take(request))

async function take({ id, task, keep, forget }: Request): Promise<void> {
  const answered = await answer(id, () => {
    for (const key of forget) {
      store.forget(key)
      snapshots.delete(key)
    }
    for (const { what, key, shared } of keep) {
      if (what === 'snapshot') snapshots.set(key, new Snapshot(key, shared))
      else store.keep(key, shared)
    }
    return perform(task)
  })
  parentPort?.postMessage(answered)
}

async function answer(id: number, work: () => unknown): Promise<Answer> {
  try {
    return { id, ok: true, value: await work() }
  } catch (error) {
    return { id, ok: false, failure: failureOf(error) }
  }
}

function failureOf(error: unknown): Failure {
  if (error instanceof DamagedError) return { kind: 'damaged', key: error.key, reason: error.reason }
  if (error instanceof QueryError) return { kind: 'query', field: error.field, message: error.message }
  const { message, stack = '' } = error instanceof Error ? error : new Error(String(error))
  return { kind: 'error', message, stack }
}

function perform(task: Task): unknown {
  switch (task.kind) {
    case 'load':
      return task.parts.map((part) => (part.what === 'snapshot' ? loadSnapshot : loadIndex)(join(dir, part.key), part))
    case 'search':
      return search(task)
    case 'file':
      return fileText(task.scope, task.path)
    case 'texts':
      return task.paths.map((path) => wholeText(task.scope, path)?.text ?? null)
    case 'compare':
      return compare(task)
  }
}

/** The parsers are loaded by the first thread that needs them, and not by those that only search. */
async function compare({ scope, files }: Extract<Task, { kind: 'compare' }>): Promise<unknown> {
  const { compareFiles } = await import('../impact/compare-files.ts')
  return compareFiles(files, (path) => wholeText(scope, path)?.text ?? null)
}

function search({ query, scopes, from: position, limit, budgetMs }: Extract<Task, { kind: 'search' }>): SearchPage {
  const { from, to, counted, shown } = position ?? { from: null, to: null, counted: 0, shown: 0 }
  const window = findWindow(query, unpackScopes(scopes).map(scopeOf), {
    store,
    from,
    // A window of which something was shown is looked through to the same end.
    until: shown > 0 ? { to } : { deadline: performance.now() + budgetMs },
  })
  const { hits, matcher } = window
  const next = shown > 0 ? to : window.next
  const end = shown + limit
  const total = counted + hits.length
  return {
    matches: showHits(hits.slice(shown, end), matcher, store),
    total,
    truncated: next !== null,
    next:
      hits.length > end
        ? { from, to: next, counted, shown: end }
        : next && { from: next, to: null, counted: total, shown: 0 },
  }
}

function fileText(ref: ScopeRef, path: string): FileText | null {
  const whole = wholeText(ref, path)
  return whole && { ...maskSecrets(whole.text), transcoded: whole.transcoded }
}

function wholeText(ref: ScopeRef, path: string): { text: string; transcoded: boolean } | null {
  const { snapshot } = scopeOf(ref)
  const file = snapshot.find(path)
  if (file === null) return null
  const key = snapshot.shards[snapshot.shardOf[file] ?? 0]?.key ?? ''
  const doc = snapshot.docOf[file] ?? 0
  const index = store.index(key)
  const [first, last] = index.segmentsOf(doc)
  let text = ''
  for (let segment = first; segment < last; segment++) text += store.text(key, segment)
  return { text, transcoded: (index.segment(first).flags & FLAG.transcoded) !== 0 }
}

function scopeOf({ id, name, snapshot: key }: ScopeRef): Scope {
  const snapshot = snapshots.get(key)
  if (snapshot === undefined) throw new DamagedError(key, 'not loaded')
  return { id, name, snapshot }
}
