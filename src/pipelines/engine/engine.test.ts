import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { PLANS } from '../../contract/plans.ts'
import { RUN_STATUSES, type Run } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { newId } from '../../kernel/ids.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { claimChunks, lockClaims, reapExpired, type ClaimedChunk } from './claim.sql.ts'
import { definePipeline, type Pipeline } from './pipeline.ts'
import { presentRun } from './present-run.ts'
import { selectRun } from './runs.sql.ts'
import { settle } from './settle.ts'
import { startRun } from './start-run.ts'
import { statesBefore, TRANSITIONS } from './transitions.ts'
import { createWakeUp } from './wake-up.ts'
import { createWorker } from './worker.ts'

const PLENTY = { ...PLANS.team, concurrentRuns: 1_000_000 }

let database: TestDatabase
let org: OrgId
beforeEach(async () => {
  database = await createTestDatabase()
  org = newId('org')
  await database.query('insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())', [
    org,
    'engine',
  ])
  await database.query('create table effects (run_id text, n int); grant insert on effects to tenon_app')
})
afterEach(() => database.close())

const only = (pipeline: Pipeline) => new Map([[pipeline.id, pipeline]])

interface Sample {
  readonly chunks: number
  readonly work?: (n: number, attempt: number) => Promise<void>
  readonly plan?: () => Promise<void>
}

function sample({ chunks, work, plan }: Sample): Pipeline {
  return definePipeline({
    id: 'test/engine/sample',
    title: 'A test',
    input: z.null(),
    maxActive: 2,
    plan: async () => {
      await plan?.()
      return { chunks: Array.from({ length: chunks }, (_, n) => n) }
    },
    processChunk: async ({ attempt }, _, n) => {
      await work?.(n, attempt)
      return { result: n }
    },
    finish: async (ctx, results) => {
      const all = await Array.fromAsync(results)
      return {
        result: { results: all.length, ordered: all.every(({ result, n }, i) => result === i && n === i) },
        effects: async (sql) => {
          await sql.run(
            { name: '', text: 'insert into effects values ($1, $2)', params: ['run', 'n'] as const },
            { run: ctx.runId, n: all.length },
          )
        },
      }
    },
  })
}

async function begin(pipeline: Pipeline): Promise<RunId> {
  const request = {
    org,
    limits: PLENTY,
    pipeline,
    input: null,
    subject: 'subject',
    requestId: 'request',
    createdBy: 'test',
    priority: 'normal',
    schedule: null,
  } as const
  return (await database.db.tenant(org).write((sql) => startRun(sql, request))).id
}

async function runOf(run: RunId): Promise<Run> {
  const [row] = await database.db.tenant(org).read.run(selectRun, { org, id: run })
  if (row === undefined) throw new Error('no such run')
  return presentRun(row)
}

function workerOn(
  pipeline: Pipeline,
  options: { leaseMs?: number; retryWaitsS?: readonly number[] } = {},
): ReturnType<typeof createWorker> {
  return createWorker({
    db: database.db,
    pipelines: [pipeline],
    log: silentLog,
    wakeUp: createWakeUp(),
    pollMs: 20,
    ...options,
  })
}

async function claim(worker: string, slots = 4, leaseMs = 60_000): Promise<ClaimedChunk[]> {
  return database.db.cross('engine', async (sql) => {
    await sql.run(lockClaims, {})
    await sql.run(reapExpired, {})
    return sql.run(claimChunks, { slots, worker, leaseMs })
  })
}

describe('a run', () => {
  for (const chunks of [0, 1, 25]) {
    it(`of ${chunks} chunks plans, works and finishes once, with its results in order`, async () => {
      const pipeline = sample({ chunks })
      const worker = workerOn(pipeline)
      const id = await begin(pipeline)
      worker.start()
      await waitFor(async () => (await runOf(id)).endedAt !== null, 20_000)
      await worker.stop(1000)
      expect(await runOf(id)).toMatchObject({
        status: 'succeeded',
        summary: { results: chunks, ordered: true },
        progress: { chunksTotal: chunks, chunksDone: chunks, chunksFailed: 0 },
      })
      expect(await database.query('select n from effects')).toEqual([{ n: chunks }])
      expect(await database.query('select active from runs')).toEqual([{ active: 0 }])
    })
  }

  it('never has more chunks under way than it may', async () => {
    let now = 0
    let most = 0
    const pipeline = sample({
      chunks: 12,
      work: async () => {
        most = Math.max(most, ++now)
        await new Promise((resolve) => setTimeout(resolve, 20))
        now--
      },
    })
    const workers = [workerOn(pipeline), workerOn(pipeline)]
    const id = await begin(pipeline)
    for (const worker of workers) worker.start()
    await waitFor(async () => (await runOf(id)).status === 'succeeded', 20_000)
    await Promise.all(workers.map((worker) => worker.stop(1000)))
    expect(most).toBe(2)
  })

  it('tries a passing failure again after its wait, and fails with the code when the waits are used up', async () => {
    let tries = 0
    const pipeline = sample({
      chunks: 1,
      work: async () => {
        tries++
        throw new TenonError('source_unreachable')
      },
    })
    const worker = workerOn(pipeline, { retryWaitsS: [0.05, 0.05, 0.05] })
    const id = await begin(pipeline)
    worker.start()
    await waitFor(async () => (await runOf(id)).endedAt !== null, 20_000)
    await worker.stop(1000)
    expect(tries).toBe(4)
    expect(await runOf(id)).toMatchObject({
      status: 'failed',
      error: { code: 'source_unreachable' },
      progress: { chunksFailed: 1 },
    })
    expect(await database.query('select active from runs')).toEqual([{ active: 0 }])
  })

  it('fails at once with "internal" when a step throws what it should not, and shows none of it', async () => {
    const pipeline = sample({ chunks: 1, plan: () => Promise.reject(new Error('select secret from /etc/passwd')) })
    const worker = workerOn(pipeline, { retryWaitsS: [] })
    const id = await begin(pipeline)
    worker.start()
    await waitFor(async () => (await runOf(id)).endedAt !== null, 20_000)
    await worker.stop(1000)
    expect(await runOf(id)).toMatchObject({ status: 'failed', error: { code: 'internal' } })
    expect(JSON.stringify([await runOf(id), await database.query('select message from run_logs')])).not.toContain(
      'passwd',
    )
  })

  it('puts work back without using a try when the worker stops', async () => {
    const pipeline = sample({
      chunks: 1,
      work: () => new Promise((_, reject) => setTimeout(() => reject(new Error('aborted')), 300)),
    })
    const worker = workerOn(pipeline)
    const id = await begin(pipeline)
    worker.start()
    await waitFor(
      async () =>
        (await runOf(id)).status === 'running' &&
        (await database.query("select from chunks where step = 'work' and state = 'claimed'")).length === 1,
      20_000,
    )
    await worker.stop(0)
    expect(await database.query("select state, tries from chunks where step = 'work'")).toEqual([
      { state: 'ready', tries: 0 },
    ])
  })
})

describe('a claim', () => {
  it('whose worker is lost is claimed by another, without a try, and the late outcome is refused', async () => {
    const pipeline = sample({ chunks: 1 })
    const id = await begin(pipeline)
    const [lost] = await claim('worker_lost', 1, 1)
    if (lost === undefined) throw new Error('nothing was claimed')
    await new Promise((resolve) => setTimeout(resolve, 20))
    const [taken] = await claim('worker_new', 1)
    expect(taken).toMatchObject({ runId: id, step: 'plan', attempt: 2, tries: 0 })
    const outcome = { kind: 'planned', written: 0, rest: [1, 2, 3] } as const
    expect(await settle(database.db, { chunk: lost, pipelines: only(pipeline), log: silentLog, outcome })).toBe(false)
    expect(await runOf(id)).toMatchObject({ status: 'planning' })
    if (taken === undefined) throw new Error('nothing was claimed again')
    expect(
      await settle(database.db, {
        chunk: taken,
        pipelines: only(pipeline),
        log: silentLog,
        outcome: { kind: 'planned', written: 0, rest: [1] },
      }),
    ).toBe(true)
    expect(await settle(database.db, { chunk: taken, pipelines: only(pipeline), log: silentLog, outcome })).toBe(false)
    expect(await runOf(id)).toMatchObject({ status: 'running', progress: { chunksTotal: 1 } })
  })

  it('undoes the effects of a settlement that is refused', async () => {
    const pipeline = sample({ chunks: 0 })
    await begin(pipeline)
    const [chunk] = await claim('worker_a', 1)
    if (chunk === undefined) throw new Error('nothing was claimed')
    await database.query("update runs set status = 'cancelled', ended_at = now()")
    const effects = async (
      sql: Parameters<NonNullable<Extract<Parameters<typeof settle>[1]['outcome'], { kind: 'planned' }>['effects']>>[0],
    ): Promise<void> => {
      await sql.run({ name: '', text: 'insert into effects values ($1, 1)', params: ['run'] as const }, { run: 'x' })
    }
    expect(
      await settle(database.db, {
        chunk,
        pipelines: only(pipeline),
        log: silentLog,
        outcome: { kind: 'planned', written: 0, rest: [], effects },
      }),
    ).toBe(false)
    expect(await database.query('select from effects')).toEqual([])
  })

  it('is spread over runs, and a small run is not behind a large one', async () => {
    const pipeline = sample({ chunks: 1 })
    const runs = [await begin(pipeline), await begin(pipeline), await begin(pipeline)]
    expect(new Set((await claim('worker_a', 3)).map(({ runId }) => runId))).toEqual(new Set(runs))
  })
})

describe('the states of a run', () => {
  it('can all be reached, and an ended run stays ended', () => {
    for (const status of RUN_STATUSES) {
      const ended = ['succeeded', 'completed_with_errors', 'failed', 'cancelled'].includes(status)
      expect(TRANSITIONS[status].length === 0).toBe(ended)
      expect(statesBefore(status).length > 0).toBe(status !== 'queued')
    }
  })

  it('never come back, whatever way a run takes', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 12 }), (choices) => {
        const seen = new Set<string>()
        let status: (typeof RUN_STATUSES)[number] = 'queued'
        for (const choice of choices) {
          expect(seen.has(status)).toBe(false)
          seen.add(status)
          const next: readonly (typeof RUN_STATUSES)[number][] = TRANSITIONS[status]
          const to = next[choice % Math.max(1, next.length)]
          if (to === undefined) break
          status = to
        }
      }),
    )
  })
})
