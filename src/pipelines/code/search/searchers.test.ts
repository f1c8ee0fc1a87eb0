import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import { indexFiles, type IndexedRepository } from '../../../../test/support/search-index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { DamagedError } from '../shard/format.ts'
import { packScopes, type FileText, type SearchPage, type Task } from './protocol.ts'
import { QueryError } from './query.ts'
import { createSearchers, type Part, type Searchers } from './searchers.ts'

const folder = temporaryFolder('searchers')
const dir = folder.path
const made = [
  indexFiles(dir, { id: 'a', files: { 'a.ts': 'needle a' } }),
  indexFiles(dir, { id: 'b', files: { 'b.ts': 'needle b', 'c.ts': 'other' } }),
] as const
const endless = indexFiles(dir, { id: 'c', files: { 'a.txt': `${'a'.repeat(80)}!\n` } })
const open: Searchers[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((searchers) => searchers.close()))
})
afterAll(() => folder.remove())

function start(threads: number): Searchers {
  const searchers = createSearchers({ dir, threads })
  open.push(searchers)
  return searchers
}

function searchFor(text: string, where: readonly IndexedRepository[], mode: 'literal' | 'regex' = 'literal'): Task {
  const query = { text, mode, caseSensitive: false }
  const scopes = where.map(({ scope: { id, name }, snapshot: { key } }) => ({ id, name, snapshot: key }))
  return { kind: 'search', query, scopes: packScopes(scopes), from: null, limit: 10, budgetMs: 5000 }
}

const partsOf = (where: readonly IndexedRepository[]): Part[] => where.flatMap(({ parts }) => parts)
const limitMs = 5000

async function find(
  searchers: Searchers,
  where: readonly IndexedRepository[],
  parts = partsOf(where),
): Promise<number> {
  const page = (await searchers.perform('org', searchFor('needle', where), { parts, limitMs })) as SearchPage
  return page.total
}

describe('search threads', () => {
  it('search what they were given, and show files', async () => {
    const searchers = start(2)
    expect(await find(searchers, made)).toBe(2)
    const task: Task = { kind: 'file', scope: { id: 'b', name: 'b', snapshot: made[1].snapshot.key }, path: 'c.ts' }
    const file = (await searchers.perform('org', task, { parts: made[1].parts, limitMs })) as FileText
    expect(file).toEqual({ text: 'other', transcoded: false, masked: 0 })
    const none = await searchers.perform('org', { ...task, path: 'd.ts' }, { parts: made[1].parts, limitMs })
    expect(none).toBe(null)
  })

  it('keep a part until it is forgotten', async () => {
    const searchers = start(1)
    expect(await find(searchers, [made[0]])).toBe(1)
    expect(await find(searchers, [made[0]], [])).toBe(1)
    searchers.forget([made[0].snapshot.key])
    await expect(find(searchers, [made[0]], [])).rejects.toThrow(DamagedError)
    expect(await find(searchers, [made[0]])).toBe(1)
    searchers.forget(made[0].shards.map(({ key }) => key))
    await expect(find(searchers, [made[0]], [])).rejects.toThrow(/not loaded/)
    expect(await find(searchers, [made[0]])).toBe(1)
  })

  it('take a part that was forgotten and given again before the next task', async () => {
    const searchers = start(1)
    await find(searchers, [made[0]])
    searchers.forget(partsOf([made[0]]).map(({ key }) => key))
    expect(await find(searchers, [made[0]])).toBe(1)
  })

  it('forget a part that was forgotten while its search waited', async () => {
    const searchers = start(1)
    const busy = find(searchers, [made[1]])
    const waits = find(searchers, [made[0]])
    searchers.forget(partsOf([made[0]]).map(({ key }) => key))
    expect(await Promise.all([busy, waits])).toEqual([1, 1])
    await expect(find(searchers, [made[0]], [])).rejects.toThrow(DamagedError)
  })

  it('say what is wrong with a query or a part of the index, and go on', async () => {
    const searchers = start(1)
    const wrong = searchers.perform('org', searchFor('(a', made, 'regex'), { parts: partsOf(made), limitMs })
    await expect(wrong).rejects.toMatchObject({ field: 'q', name: QueryError.name })
    const { key, checksum } = made[0].snapshot
    const load = (what: { key: string; checksum: string }): Promise<unknown> =>
      searchers.perform('org', { kind: 'load', parts: [{ what: 'snapshot', ...what }] }, { limitMs })
    await expect(load({ key: 'a/no-such', checksum })).rejects.toMatchObject({ key: 'a/no-such', name: 'DamagedError' })
    await expect(load({ key, checksum: 'another' })).rejects.toThrow(DamagedError)
    expect(await load({ key, checksum })).toEqual([expect.any(SharedArrayBuffer)])
    expect(await find(searchers, made)).toBe(2)
  })

  it('tell which part is gone when its file is, and read it again when it is there again', async () => {
    const searchers = start(1)
    const [{ key } = { key: '' }] = made[1].shards
    renameSync(join(dir, key), join(dir, 'away'))
    await expect(find(searchers, [made[1]])).rejects.toMatchObject({ key, name: 'DamagedError' })
    renameSync(join(dir, 'away'), join(dir, key))
    expect(await find(searchers, [made[1]])).toBe(1)
  })
})

describe('those who wait', () => {
  it.each([1, 2])('take turns by organisation, on %i threads', async (threads) => {
    const searchers = start(threads)
    const order: string[] = []
    const task = searchFor('needle', made)
    const parts = partsOf(made)
    const one = (org: string): Promise<unknown> =>
      searchers.perform(org, task, { parts, limitMs }).then(() => order.push(org))
    await Promise.all([...Array.from({ length: 20 }, () => one('many')), one('few'), one('few'), one('third')])
    // As many as there are threads are under way already; then it is the turn of those who have none.
    expect(order.indexOf('few')).toBeLessThanOrEqual(3)
    expect(order.indexOf('third')).toBeLessThanOrEqual(5)
    expect(order.lastIndexOf('few')).toBeLessThanOrEqual(7)
    expect(order.length).toBe(23)
  })

  it('leave when they are cancelled, and whoever was cancelled before does not begin', async () => {
    const searchers = start(1)
    const cancel = new AbortController()
    const busy = find(searchers, made)
    const waits = searchers.perform('org', searchFor('needle', made), { limitMs, signal: cancel.signal })
    cancel.abort(new Error('nobody listens'))
    await expect(waits).rejects.toMatchObject({ code: 'cancelled' })
    const late = searchers.perform('org', searchFor('needle', made), { limitMs, signal: cancel.signal })
    await expect(late).rejects.toMatchObject({ code: 'cancelled' })
    expect(await busy).toBe(2)
    expect(await find(searchers, made)).toBe(2)
  })

  it('are told when all is closed, as is whoever comes later', async () => {
    const searchers = start(1)
    const waits = Array.from({ length: 3 }, () => find(searchers, made).catch((error: unknown) => error))
    await searchers.close()
    expect(await Promise.all(waits)).toMatchObject(Array.from({ length: 3 }, () => ({ code: 'unavailable' })))
    await expect(find(searchers, made)).rejects.toMatchObject({ code: 'unavailable' })
  })
})

describe('a thread', () => {
  it('that takes too long is ended; the next task has another with all it needs', async () => {
    const searchers = start(1)
    // The limit and the grace come to nothing, which is less than a thread takes to begin.
    const slow = searchers.perform('org', searchFor('needle', made), { parts: partsOf(made), limitMs: -1000 })
    const next = find(searchers, made)
    await expect(slow).rejects.toMatchObject({ code: 'search_too_slow' })
    expect(await next).toBe(2)
  })

  it('that dies fails its task alone, and is replaced when it dies idle', async () => {
    const threads: Worker[] = []
    const note = (thread: Worker): void => void threads.push(thread)
    process.on('worker', note)
    const searchers = start(1)
    await find(searchers, made)
    await threads.at(-1)?.terminate()
    expect(await find(searchers, made)).toBe(2)
    // It would work on this for ever: Unicode mode has no linear matcher.
    const stuck = searchFor('^(\\p{L}+)+$', [endless], 'regex')
    const dies = searchers.perform('org', stuck, { parts: endless.parts, limitMs })
    const next = find(searchers, made)
    await Promise.all([threads.at(-1)?.terminate(), expect(dies).rejects.toMatchObject({ code: 'internal' })])
    expect(await next).toBe(2)
    expect(threads.length).toBe(3)
    process.off('worker', note)
  })
})
