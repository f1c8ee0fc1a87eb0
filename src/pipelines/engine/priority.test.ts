import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun } from '../../contract/runs.ts'
import { openDatabase } from '../../platform/db/index.ts'
import { silentLog } from '../../../test/support/database.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import {
  createSample,
  startSampleNode,
  type Behaviour,
  type SampleNode,
} from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createWakeUp } from './wake-up.ts'
import { createWorker } from './worker.ts'

const wide = createSample({ id: 'test/engine/wide', maxActive: 50 })
const narrow = createSample({ id: 'test/engine/narrow', maxActive: 3 })

let nodes: SampleNode
let stop: () => Promise<void>
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [wide, narrow], worker: { slots: 5 } })
  const { url } = nodes.node.database
  const others = [1, 2, 3].map(() => {
    const db = openDatabase({ url, log: silentLog })
    const pipelines = [wide.pipeline, narrow.pipeline]
    const worker = createWorker({ db, pipelines, log: silentLog, wakeUp: createWakeUp(), pollMs: 20, slots: 5 })
    worker.start()
    return { db, worker }
  })
  stop = async () => {
    await Promise.all(others.map(({ worker }) => worker.stop(0)))
    await Promise.all(others.map(({ db }) => db.close()))
  }
})
afterAll(async () => {
  await stop()
  await nodes.node.close()
})

async function organization(slug: string, activeChunks: number): Promise<TestOrg> {
  const org = await nodes.node.onboard(slug)
  await nodes.query(
    `update org_limits l set active_chunks = $2 from organizations o where o.org_id = l.org_id and o.slug = $1`,
    [slug, activeChunks],
  )
  return org
}

/** Work of some length, and the most of it that was under way at once. */
function meter(ms: number) {
  let now = 0
  const seen = { most: 0, done: 0 }
  const work: NonNullable<Behaviour['work']> = async ({ signal }) => {
    seen.most = Math.max(seen.most, ++now)
    await new Promise((resolve) => setTimeout(resolve, signal.aborted ? 0 : ms))
    seen.done += 1
    now -= 1
  }
  return { seen, behaviour: { work } }
}

describe('the cap of an organisation', () => {
  it('is used to the full and never passed, over four workers and several runs; another has its own', async () => {
    const [capped, free] = [await organization('capped', 7), await organization('free', 64)]
    const together = meter(40)
    const other = meter(40)
    const runs = await Promise.all(
      [40, 40, 40].map((chunks) => nodes.begin(capped, { chunks, behaviour: together.behaviour })),
    )
    const foreign = await nodes.begin(free, { chunks: 60, behaviour: other.behaviour })
    for (const run of runs) expect(await nodes.ended(capped, run, 20_000)).toMatchObject({ status: 'succeeded' })
    expect(await nodes.ended(free, foreign)).toMatchObject({ status: 'succeeded' })
    expect(together.seen).toEqual({ most: 7, done: 120 })
    expect(other.seen.most).toBeGreaterThan(7)
    expect(await nodes.query('select sum(active)::int as active from runs')).toEqual([{ active: 0 }])
  })

  it('leaves each run its own', async () => {
    const org = await organization('narrow', 64)
    const both = [meter(30), meter(30)]
    const runs = await Promise.all(both.map(({ behaviour }) => nodes.begin(org, { chunks: 40, behaviour }, narrow)))
    for (const run of runs) await nodes.ended(org, run)
    expect(both.map(({ seen }) => seen)).toEqual([
      { most: 3, done: 40 },
      { most: 3, done: 40 },
    ])
  })
})

describe('priority', () => {
  it('gives a run about four times the share of the next, and starves none', async () => {
    const org = await organization('ranked', 10)
    const neighbour = await organization('neighbour', 5)
    const ranks = ['high', 'normal', 'low'] as const
    const meters = ranks.map(() => meter(30))
    const beside = meter(30)
    const runs = await Promise.all(
      ranks.map((priority, i) => nodes.begin(org, { chunks: 5_000, priority, behaviour: meters[i]?.behaviour ?? {} })),
    )
    const foreign = await nodes.begin(neighbour, { chunks: 5_000, behaviour: beside.behaviour })
    const [high, normal, low] = meters.map(({ seen }) => seen)
    if (high === undefined || normal === undefined || low === undefined) throw new Error('three runs')
    await waitFor(async () => low.done > 0 && normal.done > 0, 15_000)
    const from = [high.done, normal.done, low.done, beside.seen.done]
    await waitFor(async () => high.done > (from[0] ?? 0) + 900, 25_000)
    const [h = 0, n = 0, l = 0, b = 0] = [high.done, normal.done, low.done, beside.seen.done].map(
      (done, i) => done - (from[i] ?? 0),
    )
    const ratio = h / n
    expect({ h, n, l, b, fair: ratio > 2.5 && ratio < 6.5 && l > 0 && l < n }).toMatchObject({ fair: true })
    // It has half as many under way, whatever the others' priorities are.
    expect(b / (h + n + l)).toBeGreaterThan(0.3)
    for (const run of runs) await org.call(cancelRun, { run })
    await neighbour.call(cancelRun, { run: foreign })
  })
})
