import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestDatabase, type TestDatabase } from '../../../test/support/database.ts'
import { countJobs } from '../../platform/queue/index.ts'
import { readBacklog, type Backlog } from './backlog.ts'

let test: TestDatabase
beforeAll(async () => {
  test = await createTestDatabase()
  await test.query(
    "insert into organizations (org_id, slug, name, created_at) select 'org_' || i, 's' || i, 'n', now() from generate_series(1, 2) i",
  )
})
afterAll(() => test.close())

const read = (): Promise<Backlog> => test.db.cross('engine', readBacklog)

interface Chunk {
  readonly step?: string
  readonly state?: string
  readonly readyInS?: number
}

let runs = 0
async function addRun(status: string, chunks: readonly Chunk[], more: { paused?: boolean; org?: string } = {}) {
  const { paused = false, org = 'org_1' } = more
  const run = `run_${(runs += 1)}`
  const ended = ['succeeded', 'failed', 'cancelled'].includes(status)
  await test.query(
    `insert into runs (org_id, id, pipeline, status, input, request_id, created_by, max_active, paused_at, ended_at)
     values ($1, $2, 'a/b/c', $3, '{}', 'r', 'c', 4, case when $4 then now() end, case when $5 then now() end)`,
    [org, run, status, paused, ended],
  )
  for (const [n, { step = 'work', state = 'ready', readyInS = -1 }] of chunks.entries())
    await test.query(
      `insert into chunks (org_id, run_id, step, n, state, ready_at, lease_until)
       values ($1, $2, $3, $4, $5, now() + $6 * interval '1 second', case when $5 = 'claimed' then now() + interval '9 s' end)`,
      [org, run, step, n, state, readyInS],
    )
}

describe('the backlog', () => {
  it('counts what could be claimed, what is under way and what waits, over all organisations', async () => {
    expect(await read()).toEqual({
      chunks: { ready: 0, active: 0, waiting: 0 },
      oldestReadySeconds: 0,
      runs: { queued: 0, planning: 0, running: 0, finishing: 0, paused: 0 },
      workers: 0,
    })
    await addRun('queued', [{ step: 'plan', readyInS: -40 }])
    await addRun('running', [{}, {}, { state: 'claimed' }, { state: 'done' }, { readyInS: 60 }], { org: 'org_2' })
    await addRun('running', [{ readyInS: -900 }], { paused: true })
    // Its work is written while it is planned, and its turn has not come.
    await addRun('planning', [{ step: 'plan', state: 'claimed' }, { readyInS: -900 }])
    await addRun('finishing', [{ step: 'finish' }])
    // What a run has left that has ended is nobody's work any more.
    await addRun('cancelled', [{ readyInS: -900 }, { state: 'skipped' }])
    await test.query("insert into workers values ('w1', now()), ('w2', now() - interval '20 seconds')")
    const { oldestReadySeconds, ...counts } = await read()
    expect(counts).toEqual({
      chunks: { ready: 4, active: 2, waiting: 3 },
      runs: { queued: 1, planning: 1, running: 1, finishing: 1, paused: 1 },
      workers: 1,
    })
    expect(oldestReadySeconds).toBeGreaterThanOrEqual(40)
    expect(oldestReadySeconds).toBeLessThan(300)
  })

  it('is read as a role that may see the states of jobs, and nothing else of them', async () => {
    const [queue] = await test.query<{ name: string }>('select name from pgboss.queue limit 1')
    for (const state of ['created', 'created', 'failed', 'completed'])
      await test.query('insert into pgboss.job (name, state) values ($1, $2)', [queue?.name, state])
    expect(await test.db.cross('engine', countJobs)).toEqual({ created: 2, retry: 0, active: 0, failed: 1 })
    const statement = { name: '', text: 'select data from pgboss.job', params: [] }
    await expect(test.db.cross('engine', (sql) => sql.run(statement, {}))).rejects.toMatchObject({ code: '42501' })
  })

  it('gives up on a database that takes too long', async () => {
    const slow = { name: '', text: 'select pg_sleep(20)::text', params: [] }
    const began = performance.now()
    const reading = test.db.cross('engine', async (sql) => {
      await readBacklog(sql)
      await sql.run(slow, {})
    })
    await expect(reading).rejects.toMatchObject({ code: 'timeout' })
    expect(performance.now() - began).toBeLessThan(6_000)
  })
})
