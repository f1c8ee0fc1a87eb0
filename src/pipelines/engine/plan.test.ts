import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun, type Run } from '../../contract/runs.ts'
import { silentLog } from '../../../test/support/database.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import type { ClaimedChunk } from './claim.sql.ts'
import { performStep } from './perform-step.ts'
import { settle } from './settle.ts'
import { takeTurn } from './turn.ts'

const sample = createSample({ maxActive: 16 })

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [sample], worker: { slots: 16 } })
  org = await nodes.node.onboard('plan')
})
afterAll(() => nodes.node.close())

async function* upTo(count: number): AsyncGenerator<number> {
  for (let n = 0; n < count; n++) yield n
}

async function chunksOf(run: string): Promise<{ count: number; distinct: number; last: number | null }> {
  const [row] = await nodes.query<{ count: number; distinct: number; last: number | null }>(
    `select count(*)::int as count, count(distinct input)::int as distinct, max(n) as last
     from chunks where run_id = $1 and step = 'work'`,
    [run],
  )
  if (row === undefined) throw new Error('no row')
  return row
}

describe('a plan', () => {
  it('that is made as it is asked for is written in pages, and its results come in order over pages', async () => {
    const run = await nodes.begin(org, { chunks: 5_000, behaviour: { plan: ({ input }) => upTo(input.chunks) } })
    expect(await nodes.ended(org, run, 25_000)).toMatchObject({
      status: 'succeeded',
      progress: { chunksTotal: 5_000, chunksDone: 5_000, chunksFailed: 0 },
      summary: { results: 5_000, ordered: true },
    })
    expect(await nodes.effects(run)).toEqual(['finished', 'planned'])
    expect(await nodes.active(run)).toBe(0)
  })

  it('of 100,000 chunks is written within seconds', async () => {
    const plan = async function* (): AsyncGenerator<number> {
      yield* upTo(100_000)
    }
    const at = performance.now()
    const run = await nodes.begin(org, { behaviour: { plan, work: ({ signal }) => aborted(signal) } })
    const planned = await nodes.until(org, run, ({ status }: Run) => status === 'running', 25_000)
    expect(planned.progress.chunksTotal).toBe(100_000)
    expect(performance.now() - at).toBeLessThan(25_000)
    expect(await chunksOf(run)).toEqual({ count: 100_000, distinct: 100_000, last: 99_999 })
    expect(await org.call(cancelRun, { run })).toMatchObject({ status: 'cancelled' })
    await waitFor(async () => (await nodes.active(run)) === 0, 3_000)
  })

  it('that is empty finishes once', async () => {
    let finished = 0
    const finish = async (): Promise<void> => void (finished += 1)
    const run = await nodes.begin(org, { chunks: 0, behaviour: { finish } })
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'succeeded', summary: { results: 0 } })
    expect(finished).toBe(1)
    expect(await nodes.effects(run)).toEqual(['finished', 'planned'])
  })

  it('that fails while it is made leaves nothing that is worked on', async () => {
    let worked = 0
    const plan = async function* ({ attempt }: { attempt: number }): AsyncGenerator<number> {
      yield* upTo(2_500)
      if (attempt === 1) throw new Error('halfway')
    }
    const work = async (): Promise<void> => void (worked += 1)
    const run = await nodes.begin(org, { behaviour: { plan, work } })
    expect(await nodes.ended(org, run, 20_000)).toMatchObject({ status: 'succeeded', progress: { chunksTotal: 2_500 } })
    expect(worked).toBe(2_500)
  })

  // The last: it stops the worker.
  it('whose worker is lost half-way is made anew, and what comes late changes nothing', async () => {
    const { db } = nodes.node.database
    await nodes.node.worker.stop(1_000)
    const gate = createGate()
    const asked: number[] = []
    const plan = async function* ({ attempt }: { attempt: number }): AsyncGenerator<number> {
      asked.push(attempt)
      yield* upTo(1_500)
      if (attempt === 1) await gate.pass(new AbortController().signal)
      yield* [1_500, 1_501]
    }
    const run = await nodes.begin(org, { behaviour: { plan } })
    const pipelines = new Map([[sample.pipeline.id, sample.pipeline]])
    const perform = (chunk: ClaimedChunk) =>
      performStep({ db, log: silentLog, pipelines }, chunk, new AbortController().signal)
    const claim = async (): Promise<ClaimedChunk> => {
      await nodes.query(`update chunks set lease_until = now() - interval '1 s' where state = 'claimed'`)
      const request = { worker: 'worker_a', outcomes: [], slots: 1, leaseMs: 60_000, reap: true }
      const [chunk] = (await takeTurn(db, { ...request, pipelines, log: silentLog })).claimed
      if (chunk === undefined) throw new Error('nothing was claimed')
      return chunk
    }
    const first = await claim()
    const late = perform(first)
    await waitFor(async () => (await chunksOf(run)).count === 1_000 && gate.inside() === 1, 5_000)
    const second = await claim()
    expect([first.attempt, second.attempt]).toEqual([1, 2])
    // A third begins where the second has not begun yet: the second clears nothing away when it comes at last.
    const third = await claim()
    const outcome = await perform(third)
    expect(await settle(db, { chunk: third, pipelines, outcome, log: silentLog })).toBe(true)
    gate.open()
    expect(await perform(second)).toEqual({ kind: 'released' })
    const refused = { chunk: first, pipelines, outcome: await late, log: silentLog }
    expect(await settle(db, refused)).toBe(false)
    expect(await chunksOf(run)).toEqual({ count: 1_502, distinct: 1_502, last: 1_501 })
    expect(asked).toEqual([1, 3])
    expect(await nodes.effects(run)).toEqual(['planned'])
  })
})

/** Rejects when the work is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
  })
}
