import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getRun, listChunks, type Run } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const strict = createSample()
const tolerant = createSample({ id: 'test/engine/tolerant', toleratesFailures: true })
const hasty = createSample({ id: 'test/engine/hasty', timeoutsMs: { work: 150 } })
const single = createSample({ id: 'test/engine/single', toleratesFailures: true, maxActive: 1 })

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [strict, tolerant, hasty, single], worker: { slots: 8, leaseMs: 6_000 } })
  org = await nodes.node.onboard('failure')
})
afterAll(() => nodes.node.close())

const fails = (code: ConstructorParameters<typeof TenonError>[0]) => (): Promise<never> =>
  Promise.reject(new TenonError(code))
const forever = (): Promise<never> => new Promise(() => {})

describe('a failure', () => {
  it('that may pass is tried three times more, any other is not', async () => {
    const tries = { passing: 0, lasting: 0 }
    const behaviour = (which: keyof typeof tries, code: 'source_unreachable' | 'source_invalid') => ({
      work: async () => {
        tries[which] += 1
        await fails(code)()
      },
    })
    const passing = await nodes.begin(org, { behaviour: behaviour('passing', 'source_unreachable') })
    const lasting = await nodes.begin(org, { behaviour: behaviour('lasting', 'source_invalid') })
    expect((await nodes.ended(org, passing)).error?.code).toBe('source_unreachable')
    expect((await nodes.ended(org, lasting)).error?.code).toBe('source_invalid')
    expect(tries).toEqual({ passing: 4, lasting: 1 })
    expect(await org.call(listChunks, { run: passing, state: 'failed' })).toMatchObject([
      { step: 'work', n: 0, tries: 4, lost: 0, error: { code: 'source_unreachable' } },
    ])
    expect(await nodes.concurrent(org)).toBe(0)
  })

  it('of a chunk leaves a tolerant pipeline going, whose finish is told', async () => {
    let told: unknown
    const run = await nodes.begin(
      org,
      {
        chunks: 4,
        behaviour: {
          work: async (_ctx, _chunk, n) => (n === 1 ? fails('source_forbidden')() : undefined),
          finish: async (_ctx, results) => void (told = results),
        },
      },
      tolerant,
    )
    expect(await nodes.ended(org, run)).toMatchObject({
      status: 'completed_with_errors',
      error: null,
      progress: { chunksTotal: 4, chunksDone: 3, chunksFailed: 1 },
    })
    expect(told).toEqual(
      [0, 1, 2, 3].map((n) =>
        n === 1 ? { n, result: null, error: 'source_forbidden' } : { n, result: n, error: null },
      ),
    )
    expect(await nodes.active(run)).toBe(0)
  })

  it('ends the run and lowers the count also when the pipeline can not do its part', async () => {
    for (const onStopped of [
      () => Promise.reject(new Error('no')),
      async (sql: Parameters<typeof broken>[0]): Promise<void> => broken(sql),
    ]) {
      const run = await nodes.begin(org, { behaviour: { plan: fails('source_invalid'), onStopped } })
      expect(await nodes.ended(org, run)).toMatchObject({ status: 'failed', error: { code: 'source_invalid' } })
    }
    expect(await nodes.concurrent(org)).toBe(0)
  })

  it('of the finish ends the run as failed, with all its work', async () => {
    const run = await nodes.begin(org, { chunks: 2, behaviour: { finish: fails('source_invalid') } })
    expect(await nodes.ended(org, run)).toMatchObject({
      status: 'failed',
      error: { code: 'source_invalid' },
      progress: { chunksDone: 2, chunksFailed: 0 },
    })
    expect(await nodes.effects(run)).toEqual(['planned'])
  })

  it('is "timeout" for a step that takes too long, also when it does not heed its signal', async () => {
    const heeding = createGate()
    const begin = (work: (ctx: { signal: AbortSignal }) => Promise<void>) =>
      nodes.begin(org, { behaviour: { work } }, hasty)
    const runs = await Promise.all([
      begin(({ signal }) => heeding.pass(signal)),
      begin(async ({ signal }) => heeding.pass(signal).catch(fails('source_invalid'))),
    ])
    for (const run of runs) expect((await nodes.ended(org, run)).error?.code).toBe('timeout')
    await nodes.query('update chunks set tries = 0')
    const at = performance.now()
    const deaf = await nodes.begin(
      org,
      { behaviour: { work: ({ attempt }) => (attempt % 65_536 === 1 ? forever() : Promise.resolve()) } },
      hasty,
    )
    await nodes.until(org, deaf, ({ waiting, status }) => waiting?.reason === 'retry' || status === 'succeeded', 9_000)
    expect(performance.now() - at).toBeLessThan(8_000)
    expect(await nodes.ended(org, deaf)).toMatchObject({ status: 'succeeded' })
    expect(await nodes.query('select tries from chunks where run_id = $1 and step = $2', [deaf, 'work'])).toEqual([
      { tries: 1 },
    ])
  })

  it('of a result that can not be stored is that of its own chunk alone', async () => {
    const circular: unknown[] = []
    circular.push(circular)
    const bad = new Map<number, unknown>([
      [3, 'a\u0000b'],
      [7, '\ud800'],
      [11, circular],
    ])
    const result = (n: number) => (bad.get(n) ?? n) as never
    const run = await nodes.begin(org, { chunks: 20, behaviour: { result } }, tolerant)
    expect(await nodes.ended(org, run)).toMatchObject({
      status: 'completed_with_errors',
      progress: { chunksDone: 17, chunksFailed: 3 },
      summary: { results: 20, ordered: true, errors: 'internal internal internal' },
    })
    const states = await nodes.states(run)
    expect(states.flatMap((state, n) => (state === 'failed' ? [n] : []))).toEqual([3, 7, 11])
  })
})

describe('a provider that is busy', () => {
  it('is asked again when it says, and no try is used', async () => {
    let asked = 0
    const run = await nodes.begin(org, {
      behaviour: {
        work: async () => {
          asked += 1
          if (asked <= 6)
            throw new TenonError('rate_limited', { details: { retryAfterSeconds: asked === 6 ? 1 : 0.02 } })
        },
      },
    })
    const waiting = await nodes.until(org, run, ({ waiting: of }) => of?.reason === 'retry' && asked === 6)
    expect(Date.parse(waiting.waiting?.until ?? '') - Date.now()).toBeLessThan(1_000)
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'succeeded' })
    expect(asked).toBe(7)
    expect((await org.call(listChunks, { run })).map(({ tries }) => tries)).toEqual([0, 0, 0])
  })
})

describe('a chunk that ends its worker', () => {
  it('is given up after five times, and others go on', async () => {
    const [gate, stuck] = [createGate(), createGate()]
    const lost = (): Promise<unknown> =>
      nodes.query(`update chunks set lease_until = now() - interval '1 minute' where state = 'claimed' and input = '0'`)
    const run = await nodes.begin(
      org,
      {
        chunks: 2,
        behaviour: { work: ({ signal }, chunk) => (chunk === 0 ? stuck : gate).pass(signal) },
      },
      tolerant,
    )
    await waitFor(async () => gate.inside() === 1, 5_000)
    gate.open()
    await waitFor(async () => {
      await lost()
      return (await org.call(getRun, { run })).endedAt !== null
    }, 20_000)
    expect(await org.call(getRun, { run })).toMatchObject({
      status: 'completed_with_errors',
      progress: { chunksDone: 1, chunksFailed: 1 },
      summary: { errors: 'worker_lost' },
    })
    expect(await org.call(listChunks, { run, state: 'failed' })).toMatchObject([
      { n: 0, lost: 5, tries: 0, error: { code: 'worker_lost' } },
    ])
    expect(await nodes.active(run)).toBe(0)
  })
})

describe('a run that waits', () => {
  it('says why', async () => {
    const waiter = await nodes.node.onboard('waiter')
    await nodes.query(
      `update org_limits set active_chunks = 1 where org_id = (select org_id from organizations where slug = 'waiter')`,
    )
    const reasonOf = ({ waiting }: Run): string | undefined => waiting?.reason
    const gate = createGate()
    const first = await nodes.begin(waiter, { behaviour: { work: ({ signal }) => gate.pass(signal) } }, single)
    await waitFor(async () => gate.inside() === 1, 5_000)
    expect((await waiter.call(getRun, { run: first })).waiting).toBe(null)
    const second = await nodes.begin(waiter)
    await nodes.until(waiter, second, (run) => reasonOf(run) === 'concurrency')
    gate.open()
    await nodes.ended(waiter, first)
    await nodes.ended(waiter, second)
    await nodes.node.worker.stop(0)
    const third = await nodes.begin(waiter)
    expect(reasonOf(await waiter.call(getRun, { run: third }))).toBe('no_worker')
    await nodes.query(`insert into workers (id) values ('worker_of_a_test')`)
    expect(reasonOf(await waiter.call(getRun, { run: third }))).toBe('turn')
  })
})

async function broken(sql: { run: (statement: never, params: never) => Promise<unknown> }): Promise<void> {
  await sql.run({ name: '', text: 'select 1 / 0', params: [] } as never, {} as never)
}
