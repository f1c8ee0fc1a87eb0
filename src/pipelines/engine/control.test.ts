import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pauseRun, resumeRun } from '../../contract/run-control.ts'
import { cancelRun, cancelRuns, getRun } from '../../contract/runs.ts'
import { openDatabase } from '../../platform/db/index.ts'
import { silentLog } from '../../../test/support/database.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { settle } from './settle.ts'
import { takeTurn } from './turn.ts'
import { createWakeUp } from './wake-up.ts'
import { createWorker } from './worker.ts'

const sample = createSample()
const other = createSample({ id: 'test/engine/other' })

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [sample, other], worker: { leaseMs: 6_000 } })
  org = await nodes.node.onboard('control')
})
afterAll(() => nodes.node.close())

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

describe('a paused run', () => {
  it('begins nothing new, counts what was under way, and goes on when it is resumed', async () => {
    const gate = createGate()
    let begun = 0
    const run = await nodes.begin(org, {
      chunks: 9,
      behaviour: {
        work: async ({ signal }) => {
          begun += 1
          await gate.pass(signal)
        },
      },
    })
    await waitFor(async () => gate.inside() === 4, 5_000)
    const paused = await org.call(pauseRun, { run })
    expect(paused).toMatchObject({ status: 'running', waiting: { reason: 'paused', until: null } })
    expect(paused.pausedAt).not.toBe(null)
    expect((await org.call(pauseRun, { run })).pausedAt).toBe(paused.pausedAt)
    gate.open()
    const ended = await nodes.until(org, run, ({ progress }) => progress.chunksDone === 4)
    await sleep(200)
    expect(begun).toBe(4)
    expect(await nodes.active(run)).toBe(0)
    expect(ended.waiting).toEqual({ reason: 'paused', until: null })
    expect(await org.call(resumeRun, { run })).toMatchObject({ pausedAt: null })
    expect(await org.call(resumeRun, { run })).toMatchObject({ pausedAt: null })
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'succeeded', progress: { chunksDone: 9 } })
    expect(begun).toBe(9)
    expect(await nodes.effects(run)).toEqual(['finished', 'planned'])
  })

  it('does not finish while it is paused, and can be cancelled', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
    await waitFor(async () => gate.inside() === 1, 5_000)
    await org.call(pauseRun, { run })
    gate.open()
    await nodes.until(org, run, ({ status }) => status === 'finishing')
    await sleep(150)
    expect(await org.call(getRun, { run })).toMatchObject({ status: 'finishing', waiting: { reason: 'paused' } })
    expect(await org.call(cancelRun, { run })).toMatchObject({ status: 'cancelled', pausedAt: null, waiting: null })
  })

  it('is refused after the end, and for others', async () => {
    const run = await nodes.begin(org)
    await nodes.ended(org, run)
    for (const operation of [pauseRun, resumeRun, cancelRun])
      expect(await org.error(operation, { run })).toMatchObject({
        code: 'run_ended',
        details: { status: 'succeeded' },
      })
    const stranger = await nodes.node.onboard('stranger')
    for (const operation of [pauseRun, resumeRun, cancelRun])
      expect((await stranger.error(operation, { run })).code).toBe('not_found')
  })
})

describe('a cancelled run', () => {
  it('aborts its work at once, keeps no effect of it, and skips the rest', async () => {
    const gate = createGate()
    const reasons: unknown[] = []
    let stopped = 0
    const run = await nodes.begin(org, {
      chunks: 8,
      behaviour: {
        work: async ({ signal }) => {
          await gate.pass(signal).catch((reason: unknown) => reasons.push(reason))
          return 'worked'
        },
        onStopped: async () => void (stopped += 1),
      },
    })
    await waitFor(async () => gate.inside() === 4, 5_000)
    const before = await nodes.concurrent(org)
    const at = performance.now()
    expect(await org.call(cancelRun, { run })).toMatchObject({ status: 'cancelled', error: null, waiting: null })
    await waitFor(async () => gate.inside() === 0, 1_000)
    expect(performance.now() - at).toBeLessThan(1_000)
    await waitFor(async () => (await nodes.active(run)) === 0, 2_000)
    expect(reasons).toMatchObject(Array.from({ length: 4 }, () => ({ code: 'cancelled' })))
    expect(await nodes.effects(run)).toEqual(['planned'])
    expect(await nodes.states(run)).toEqual(Array.from({ length: 8 }, () => 'skipped'))
    expect(await nodes.concurrent(org)).toBe(before - 1)
    expect(await org.call(cancelRun, { run })).toMatchObject({ status: 'cancelled' })
    expect(await nodes.concurrent(org)).toBe(before - 1)
    expect(stopped).toBe(1)
  })

  it('is what each of many callers is told who cancel it at the same time, and it is ended once', async () => {
    const gate = createGate()
    let stopped = 0
    const onStopped = async (): Promise<void> => {
      stopped += 1
      // So that the others come in between.
      await sleep(100)
    }
    const run = await nodes.begin(org, { behaviour: { work: ({ signal }) => gate.pass(signal), onStopped } })
    await waitFor(async () => gate.inside() === 1, 5_000)
    const before = await nodes.concurrent(org)
    const one = () => org.call(cancelRun, { run })
    const many = () => org.call(cancelRuns, { createdBefore: '2999-01-01T00:00:00.000Z' })
    const [first, second, , third] = await Promise.all([one(), one(), many(), one()])
    for (const answer of [first, second, third]) expect(answer).toMatchObject({ id: run, status: 'cancelled' })
    expect(stopped).toBe(1)
    expect(await nodes.concurrent(org)).toBe(before - 1)
  })

  it('aborts what a worker of another process has under way', async () => {
    const away = createSample({ id: 'test/engine/away' })
    const elsewhere = await startSampleNode({ samples: [away], worker: { slots: 1 } })
    const db = openDatabase({ url: elsewhere.node.database.url, log: silentLog })
    const worker = createWorker({
      db,
      pipelines: [away.pipeline],
      log: silentLog,
      wakeUp: createWakeUp(),
      pollMs: 20,
    })
    try {
      const client = await elsewhere.node.onboard('away')
      const gate = createGate()
      await elsewhere.node.worker.stop(0)
      worker.start()
      const run = await elsewhere.begin(client, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
      await waitFor(async () => gate.inside() === 1, 5_000)
      await client.call(cancelRun, { run })
      await waitFor(async () => gate.inside() === 0, 1_000)
      await waitFor(async () => (await elsewhere.active(run)) === 0, 1_000)
      expect(gate.inside()).toBe(0)
    } finally {
      await worker.stop(0)
      await db.close()
      await elsewhere.node.close()
    }
  })

  it("and a claim at the same time do not stand in each other's way: nothing of it is kept", async () => {
    const idle = await startSampleNode({ samples: [createSample({ id: 'test/engine/idle' })] })
    const { db } = idle.node.database
    try {
      const client = await idle.node.onboard('idle')
      await idle.node.worker.stop(0)
      let turn: ReturnType<typeof takeTurn> | undefined
      const onStopped = async (): Promise<void> => {
        const rest = { leaseMs: 60_000, reap: true, pipelines: new Map(), log: silentLog }
        turn = takeTurn(db, { worker: 'worker_a', outcomes: [], slots: 4, ...rest })
        await turn
      }
      const run = await idle.begin(client, { behaviour: { onStopped } })
      expect(await client.call(cancelRun, { run })).toMatchObject({ status: 'cancelled' })
      const [chunk] = (await turn)?.claimed ?? []
      if (chunk === undefined) throw new Error('nothing was claimed')
      const settlement = { chunk, pipelines: new Map(), log: silentLog }
      const planned = { kind: 'planned', written: 0, rest: [1] } as const
      expect(await settle(db, { ...settlement, outcome: planned })).toBe(false)
      await settle(db, { ...settlement, outcome: { kind: 'released' } })
      expect(await idle.active(run)).toBe(0)
      expect(await idle.query('select state from chunks')).toEqual([{ state: 'skipped' }])
    } finally {
      await idle.node.close()
    }
  })
})

describe('cancelling many', () => {
  it('needs a filter, and ends what fits of the own organisation alone', async () => {
    const [mine, theirs] = [await nodes.node.onboard('mine'), await nodes.node.onboard('theirs')]
    const gate = createGate()
    const behaviour = { work: ({ signal }: { signal: AbortSignal }) => gate.pass(signal) }
    const a = await nodes.begin(mine, { behaviour, subject: 'a' })
    const b = await nodes.begin(mine, { behaviour, subject: 'b' }, other)
    const foreign = await nodes.begin(theirs, { behaviour, subject: 'a' })
    expect(await mine.error(cancelRuns, {})).toMatchObject({ code: 'validation_failed' })
    const none = { cancelled: 0, runs: [] }
    expect(await mine.call(cancelRuns, { subject: 'c' })).toEqual(none)
    expect(await mine.call(cancelRuns, { subject: 'a', pipeline: 'test/engine/other' })).toEqual(none)
    expect(await mine.call(cancelRuns, { schedule: 'schedule_none' })).toEqual(none)
    expect(await mine.call(cancelRuns, { createdBefore: '2020-01-01T00:00:00.000Z' })).toEqual(none)
    expect(await mine.call(cancelRuns, { subject: 'a' })).toEqual({ cancelled: 1, runs: [a] })
    expect(await mine.call(cancelRuns, { subject: 'a' })).toEqual(none)
    expect(await mine.call(cancelRuns, { pipeline: 'test/engine/other' })).toEqual({ cancelled: 1, runs: [b] })
    expect(await nodes.concurrent(mine)).toBe(0)
    expect((await theirs.call(getRun, { run: foreign })).endedAt).toBe(null)
    gate.open()
    expect(await nodes.ended(theirs, foreign)).toMatchObject({ status: 'succeeded' })
  })
})
