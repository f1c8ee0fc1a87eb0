import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { PLANS } from '../../contract/plans.ts'
import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { claimChunks, lockClaims } from './claim.sql.ts'
import { definePipeline } from './pipeline.ts'
import { startRun } from './start-run.ts'
import { createWakeUp } from './wake-up.ts'
import { createWorker } from './worker.ts'

const PLENTY = { ...PLANS.team, concurrentRuns: 1_000_000 }

let database: TestDatabase
beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.close())

async function organization(slug: string): Promise<OrgId> {
  const org = newId('org')
  await database.query('insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())', [
    org,
    slug,
  ])
  return org
}

const pipeline = definePipeline({
  id: 'test/engine/fair',
  title: 'A test',
  input: z.null(),
  maxActive: 4,
  plan: () => Promise.resolve({ chunks: [1] }),
  processChunk: () => Promise.resolve({ result: 1 }),
  finish: () => Promise.resolve({ result: {} }),
})

async function begin(org: OrgId): Promise<void> {
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
  await database.db.tenant(org).write((sql) => startRun(sql, request))
}

describe('a claim of few slots', () => {
  it('reaches an organisation with one run while another has many', async () => {
    const [busy, small] = [await organization('busy'), await organization('small')]
    for (let i = 0; i < 10; i++) await begin(busy)
    await begin(small)
    const claimed = await database.db.cross('engine', async (sql) => {
      await sql.run(lockClaims, {})
      return sql.run(claimChunks, { slots: 4, worker: 'worker_a', leaseMs: 60_000 })
    })
    expect(claimed.length).toBe(4)
    expect(claimed.filter(({ orgId }) => orgId === small).length).toBe(1)
  })
})

describe('a worker', () => {
  it('lets go of a chunk whose outcome it could not settle, also while it holds others', async () => {
    const org = await organization('busy')
    let release = (): void => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const failing = definePipeline({
      id: 'test/engine/unsettled',
      title: 'A test',
      input: z.null(),
      maxActive: 4,
      plan: () => Promise.resolve({ chunks: [0, 1] }),
      processChunk: async (ctx, _, n) => {
        if (n === 0) await held
        return {
          result: n,
          effects: async (sql) => {
            if (n === 1 && ctx.attempt % 65_536 === 1) throw new TenonError('unavailable')
            await sql.run({ name: '', text: 'select 1', params: [] as const }, {})
          },
        }
      },
      finish: () => Promise.resolve({ result: {} }),
    })
    const request = {
      org,
      limits: PLENTY,
      pipeline: failing,
      input: null,
      subject: 's',
      requestId: 'r',
      createdBy: 'test',
      priority: 'normal',
      schedule: null,
    } as const
    await database.db.tenant(org).write((sql) => startRun(sql, request))
    const worker = createWorker({
      db: database.db,
      pipelines: [failing],
      log: silentLog,
      wakeUp: createWakeUp(),
      pollMs: 20,
      leaseMs: 600,
    })
    worker.start()
    try {
      await waitFor(async () => {
        const rows = await database.query<{ attempt: number; state: string }>(
          "select attempt, state from chunks where step = 'work' and n = 1",
        )
        return rows[0]?.state === 'done' && rows[0].attempt % 65_536 === 2
      }, 5_000)
      expect(await database.query("select tries from chunks where step = 'work' and n = 1")).toEqual([{ tries: 0 }])
    } finally {
      release()
      await worker.stop(1000)
    }
  })
})

describe('effects that can not be written', () => {
  it('end the run with "internal" and are not tried without end', async () => {
    const org = await organization('broken')
    let settled = 0
    const broken = definePipeline({
      id: 'test/engine/broken',
      title: 'A test',
      input: z.null(),
      maxActive: 1,
      plan: () => Promise.resolve({ chunks: [] }),
      processChunk: () => Promise.resolve({ result: null }),
      finish: () =>
        Promise.resolve({
          result: {},
          effects: async (sql) => {
            settled++
            await sql.run({ name: '', text: 'select 1 / 0', params: [] as const }, {})
          },
        }),
    })
    const request = {
      org,
      limits: PLENTY,
      pipeline: broken,
      input: null,
      subject: 's',
      requestId: 'r',
      createdBy: 'test',
      priority: 'normal',
      schedule: null,
    } as const
    await database.db.tenant(org).write((sql) => startRun(sql, request))
    const worker = createWorker({
      db: database.db,
      pipelines: [broken],
      log: silentLog,
      wakeUp: createWakeUp(),
      pollMs: 20,
      leaseMs: 300,
      retryWaitsS: [],
    })
    worker.start()
    try {
      await waitFor(async () => (await database.query("select from runs where status = 'failed'")).length === 1, 5_000)
    } finally {
      await worker.stop(1000)
    }
    expect(settled).toBe(1)
    expect(await database.query('select error_code, active from runs')).toEqual([{ error_code: 'internal', active: 0 }])
  })
})

describe('a wake-up', () => {
  it('leaves no listener behind, however often it is waited for', async () => {
    const { signal } = new AbortController()
    let listeners = 0
    const add = signal.addEventListener.bind(signal)
    const remove = signal.removeEventListener.bind(signal)
    signal.addEventListener = (...given: Parameters<typeof add>) => {
      listeners++
      add(...given)
    }
    signal.removeEventListener = (...given: Parameters<typeof remove>) => {
      listeners--
      remove(...given)
    }
    const wakeUp = createWakeUp()
    for (let i = 0; i < 5; i++) await wakeUp.wait(1, signal)
    expect(listeners).toBe(0)
  })
})
