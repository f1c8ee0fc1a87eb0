import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listRuns } from '../../contract/runs.ts'
import { createSchedule, deleteSchedule, listSchedules, updateSchedule } from '../../contract/schedules.ts'
import { systemClock } from '../../kernel/clock.ts'
import { openDatabase } from '../../platform/db/index.ts'
import { silentLog } from '../../../test/support/database.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { createEngine, type Engine } from './index.ts'
import { nextTime } from './schedules/next-time.ts'

const sample = createSample()
let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [sample] })
  org = await nodes.node.onboard('schedules')
})
afterAll(() => nodes.node.close())

const input = { behaviour: 'none', subject: 'scheduled', chunks: 0 }
const hourly = { pipeline: sample.pipeline.id, input, cron: '0 * * * *' }
const due = (id: string, ago = '1 minute'): Promise<unknown> =>
  nodes.query(`update schedules set next_at = now() - $2::interval where id = $1`, [id, ago])
const runsOf = async (id: string, client = org) =>
  (await client.call(listRuns, { limit: 100 })).filter(({ schedule }) => schedule === id)
const find = async (id: string, client = org) =>
  (await client.call(listSchedules, { limit: 100 })).find((schedule) => schedule.id === id)
const engineOn = (db: Parameters<typeof createEngine>[0]['db'], now = systemClock.now): Engine =>
  createEngine({ db, pipelines: [sample.pipeline], clock: { now }, log: silentLog, retentionDays: 90 })

describe('a schedule that is due', () => {
  it('starts one run, whichever of several engines look at once, and one for all times that were missed', async () => {
    const { id } = await org.call(createSchedule, { ...hourly, name: 'once', priority: 'high' })
    await due(id, '5 hours')
    const dbs = [1, 2, 3].map(() => openDatabase({ url: nodes.node.database.url, log: silentLog }))
    await Promise.all(dbs.map((db) => engineOn(db).startDue()))
    await Promise.all(dbs.map((db) => engineOn(db).startDue()))
    await Promise.all(dbs.map((db) => db.close()))
    const runs = await runsOf(id)
    expect(runs).toMatchObject([{ priority: 'high', subject: 'scheduled' }])
    const after = await find(id)
    expect(after).toMatchObject({ lastRun: runs[0]?.id, lastError: null })
    expect(Date.parse(after?.nextAt ?? '')).toBeGreaterThan(Date.now())
  })

  it('starts one run also when the clock of the node is behind that of the database', async () => {
    const { id } = await org.call(createSchedule, { ...hourly, name: 'behind', jitterSeconds: 0 })
    await nodes.query(`update schedules set next_at = date_trunc('hour', now()) where id = $1`, [id])
    const behind = engineOn(nodes.node.database.db, () => new Date(Date.now() - 2 * 3_600_000))
    await behind.startDue()
    expect(await runsOf(id)).toHaveLength(1)
    expect(Date.parse((await find(id))?.nextAt ?? '')).toBeGreaterThan(Date.now())
  })

  it('notes why nothing was started, and comes again at its next time', async () => {
    const full = await nodes.node.onboard('full')
    await nodes.query(
      `update org_limits set runs_per_day = 0 where org_id = (select org_id from organizations where slug = 'full')`,
    )
    const { id } = await full.call(createSchedule, { ...hourly, name: 'full' })
    await due(id)
    await nodes.node.engine.startDue()
    const noted = await find(id, full)
    expect(noted).toMatchObject({ lastRun: null, lastError: { code: 'quota_exceeded' } })
    expect(Date.parse(noted?.nextAt ?? '')).toBeGreaterThan(Date.now())
    expect(await nodes.concurrent(full)).toBe(0)
    await nodes.query('update org_limits set runs_per_day = null')
    await due(id)
    await nodes.node.engine.startDue()
    expect(await find(id, full)).toMatchObject({ lastError: null })
    expect(await runsOf(id, full)).toHaveLength(1)
  })

  it('does not keep others from theirs when its pipeline is gone', async () => {
    const gone = await org.call(createSchedule, { ...hourly, name: 'gone' })
    const well = await org.call(createSchedule, { ...hourly, name: 'well' })
    await nodes.query(`update schedules set pipeline = 'test/engine/gone' where id = $1`, [gone.id])
    await due(gone.id, '2 minutes')
    await due(well.id)
    await nodes.node.engine.startDue()
    expect(await find(gone.id)).toMatchObject({ lastError: { code: 'unknown_pipeline' } })
    expect(await runsOf(well.id)).toHaveLength(1)
  })
})

describe('a schedule', () => {
  it('starts nothing while it is not enabled, can be changed by name, and deleted', async () => {
    const made = await org.call(createSchedule, { ...hourly, name: 'off', enabled: false })
    expect(made).toMatchObject({ nextAt: null, enabled: false, timeZone: 'UTC', jitterSeconds: 60, priority: 'normal' })
    await nodes.node.engine.startDue()
    expect(await runsOf(made.id)).toEqual([])
    const on = await org.call(updateSchedule, { schedule: 'off', enabled: true, cron: '30 4 * * *', priority: 'low' })
    expect(on).toMatchObject({ id: made.id, enabled: true, cron: '30 4 * * *', priority: 'low', input })
    expect(on.nextAt).toMatch(/T04:3[01]:/)
    expect(await org.call(updateSchedule, { schedule: made.id, enabled: false })).toMatchObject({ nextAt: null })
    expect(await org.call(deleteSchedule, { schedule: 'off' })).toEqual({ id: made.id, name: 'off', deleted: true })
    expect((await org.error(deleteSchedule, { schedule: 'off' })).code).toBe('not_found')
    expect((await org.error(updateSchedule, { schedule: made.id, enabled: true })).code).toBe('not_found')
  })

  it('is refused when it can not be understood', async () => {
    const paths = async (given: Partial<Parameters<typeof org.call<typeof createSchedule>>[1]>) => {
      const { code, details } = await org.error(createSchedule, { ...hourly, name: 'wrong', ...given })
      expect(code).toBe('validation_failed')
      return ((details?.['issues'] ?? []) as { path: string }[]).map(({ path }) => path)
    }
    for (const cron of ['61 * * * *', 'every day', '0 0 31 2 *', '* * * * * *', '@hourly  ', '@midnight'])
      expect([cron, await paths({ cron })]).toEqual([cron, ['body.cron']])
    expect(await paths({ timeZone: 'Mars/Olympus' })).toEqual(['body.timeZone'])
    expect(await paths({ input: { ...input, chunks: -1 } })).toEqual(['body.input.chunks'])
    const unknown = await org.error(createSchedule, { ...hourly, name: 'wrong', pipeline: 'no/such/pipeline' })
    expect(unknown).toMatchObject({ code: 'unknown_pipeline' })
    expect(unknown.details?.['pipelines']).toContain(sample.pipeline.id)
    await org.call(createSchedule, { ...hourly, name: 'twice', enabled: false })
    expect((await org.error(createSchedule, { ...hourly, name: 'twice' })).code).toBe('schedule_exists')
    expect(await org.error(updateSchedule, { schedule: 'twice', cron: 'a b c d e' })).toMatchObject({
      code: 'validation_failed',
    })
  })

  it("is one of a hundred at most, and the own organisation's alone", async () => {
    const many = await nodes.node.onboard('many')
    const one = await many.call(createSchedule, { ...hourly, name: 'one', enabled: false })
    await nodes.query(
      `insert into schedules select (s).* from (select jsonb_populate_record(s, jsonb_build_object('id', 'schedule_' || i, 'name', 'n' || i)) as s
         from schedules s, generate_series(1, 99) i where s.id = $1) as copies`,
      [one.id],
    )
    expect(await many.error(createSchedule, { ...hourly, name: 'more' })).toMatchObject({
      code: 'too_many_schedules',
      details: { limit: 100 },
    })
    expect((await org.error(updateSchedule, { schedule: one.id, enabled: true })).code).toBe('not_found')
    expect((await org.error(deleteSchedule, { schedule: one.id })).code).toBe('not_found')
    expect(await find(one.id)).toBe(undefined)
    await many.call(deleteSchedule, { schedule: 'one' })
    expect(await many.call(createSchedule, { ...hourly, name: 'more', enabled: false })).toMatchObject({ name: 'more' })
  })
})

describe('the next time', () => {
  const next = (cron: string, timeZone: string, now: string): string =>
    nextTime({ cron, timeZone, jitterSeconds: 0 }, new Date(now))?.toISOString() ?? ''

  it('is that of the time zone, also when the clocks change', () => {
    expect(next('0 4 * * *', 'UTC', '2026-01-01T04:00:00Z')).toBe('2026-01-02T04:00:00.000Z')
    expect(next('0 4 * * *', 'Europe/Berlin', '2026-01-01T00:00:00Z')).toBe('2026-01-01T03:00:00.000Z')
    expect(next('0 4 * * *', 'Europe/Berlin', '2026-07-01T00:00:00Z')).toBe('2026-07-01T02:00:00.000Z')
    // 02:30 does not exist on the day that the clocks go forward: it comes on that day all the same, once.
    const forward = next('30 2 * * *', 'Europe/Berlin', '2026-03-28T12:00:00Z')
    expect(forward.slice(0, 10)).toBe('2026-03-29')
    expect(next('30 2 * * *', 'Europe/Berlin', forward).slice(0, 10)).toBe('2026-03-30')
    // And exists twice on the day that they go back.
    const back = next('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z')
    expect(back.slice(0, 10)).toBe('2026-10-25')
    expect(next('30 2 * * *', 'Europe/Berlin', back).slice(0, 10)).toBe('2026-10-26')
  })

  it('is put off within the bounds of its jitter', () => {
    const now = new Date('2026-01-01T00:30:00Z')
    const times = Array.from({ length: 300 }, () =>
      Number(nextTime({ cron: '0 * * * *', timeZone: 'UTC', jitterSeconds: 60 }, now)),
    ).map((time) => time - Date.parse('2026-01-01T01:00:00Z'))
    expect(Math.min(...times)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...times)).toBeLessThan(60_000)
    expect(new Set(times).size).toBeGreaterThan(100)
  })
})
