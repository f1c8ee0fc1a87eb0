import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { heldPipeline } from '../../../test/support/held-pipeline.ts'
import { ROOT_KEY, startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { newPerson } from '../../../test/support/person.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { addRepository } from '../../contract/code.ts'
import {
  createApiKey,
  createOrganization,
  deleteOrganization,
  getMe,
  onboardOrganization,
  updateOrganization,
} from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { getLimits, setLimits } from '../../contract/limits.ts'
import { PLANS } from '../../contract/plans.ts'
import { cancelRun, getRun, isEnded, startRun } from '../../contract/runs.ts'
import { createSchedule } from '../../contract/schedules.ts'
import { statement } from '../../kernel/statement.ts'
import { countedRuns } from '../../pipelines/engine/index.ts'
import { lowerUsage, raiseUsage, repairUsage } from '../limits/index.ts'
import { createIdentity, findOrg, type ClosingStep } from './index.ts'

const folder = temporaryFolder('closing')
const HELD = heldPipeline('test/closing/held')
const DAY_MS = 86_400_000
let node: TestNode
/** How far the clock is ahead. */
let aheadMs = 0

beforeAll(async () => {
  const clock = { now: () => new Date(Date.now() + aheadMs) }
  node = await startTestNode({ localRepos: [folder.path], pipelines: [HELD], clock })
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const close = (org: TestOrg, confirm = org.slug) => org.call(deleteOrganization, { confirm })
const operator = (operation: typeof setLimits | typeof onboardOrganization, params: object, body: object) =>
  node.caller.call(operation, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: { ...params }, query: {}, body: { ...body } },
    requestId: 'request-of-the-operator',
    signal: new AbortController().signal,
    address: '192.0.2.1',
  })
const count = async (table: string, slug: string): Promise<number> => {
  const [row] = await node.database.query<{ n: number }>(
    `select count(t.*)::int as n from ${table} t join organizations o using (org_id) where o.slug = $1`,
    [slug],
  )
  return row?.n ?? 0
}
const idOf = async (slug: string): Promise<OrgId> => {
  const [row] = await node.database.query<{ id: OrgId }>('select org_id as id from organizations where slug = $1', [
    slug,
  ])
  if (row === undefined) throw new Error(`there is no organisation ${slug}`)
  return row.id
}
const refer = statement<{ org: OrgId }>('', 'select from organizations where org_id = :org for key share')
const closingOf = async (slug: string) =>
  (
    await node.database.query<{ done: string[]; tries: number; ended_at: Date | null }>(
      'select c.done, c.tries, c.ended_at from organization_closings c join organizations using (org_id) where slug = $1',
      [slug],
    )
  )[0]
/** The next try is due. */
const due = () => node.database.query('update organization_closings set ready_at = now()')

/** Another node, on which other systems have something to do when an organisation is closed. */
function nodeWith(closing: readonly ClosingStep[], told: string[] = []): () => Promise<void> {
  const clock = { now: () => new Date(Date.now() + aheadMs) }
  const leftovers = {
    stuck: async (what: string, { step, tries }: { step: string | null; tries: number }) =>
      void told.push(`${what} stuck at ${step} after ${tries}`),
    settled: async (what: string) => void told.push(`${what} settled`),
  }
  const parts = { db: node.database.db, rootKey: ROOT_KEY, clock, log: silentLog }
  const identity = createIdentity({ ...parts, closing, leftovers, stepMs: 1_500 })
  return () => identity.sweep()
}

describe('deleting an organisation', () => {
  it('closes it at once: no key works, nobody finds it, and the audit trail says who did it', async () => {
    const org = await node.onboard('closed')
    const reader = await org.call(createApiKey, { name: 'reader', scopes: ['limits:read'] })
    expect(await close(org)).toMatchObject({ slug: 'closed' })
    expect(await org.error(getMe, {})).toMatchObject({ code: 'invalid_api_key' })
    expect(await testOrg(node.caller, org.slug, reader.secret).error(getMe, {})).toMatchObject({
      code: 'invalid_api_key',
    })
    expect(await findOrg(node.database.db, 'closed')).toBeNull()
    expect(await operator(setLimits, { org: 'closed' }, { plan: 'solo' })).toMatchObject({ code: 'not_found' })
    const [entry] = await node.database.query<{ entry: string }>(
      "select entry from audit_entries join organizations using (org_id) where slug = 'closed' order by seq desc limit 1",
    )
    expect(JSON.parse(entry?.entry ?? '')).toEqual(
      expect.arrayContaining(['organizations.delete', 'done', { slug: 'closed' }]),
    )
    // Its slug is taken as long as its row is there.
    expect(await operator(onboardOrganization, {}, { slug: 'closed', name: 'Again' })).toMatchObject({
      code: 'organization_exists',
    })
  })

  it('by its owner takes it away from its members as well', async () => {
    const person = await newPerson(node, 'closer')
    await person.call(createOrganization, { slug: 'owned', name: 'Owned' })
    const inside = person.in('owned')
    expect(await inside.call(getLimits, {})).toMatchObject({ plan: 'free', used: { seats: 1 } })
    expect(await inside.call(deleteOrganization, { confirm: 'owned' })).toMatchObject({ slug: 'owned' })
    expect(await inside.error(getLimits, {})).toMatchObject({ code: 'not_found' })
    expect(await person.call(getMe, {})).toMatchObject({ org: null })
  })

  it('wants the slug, and the scope', async () => {
    const org = await node.onboard('confirmed')
    const refusal = await org.error(deleteOrganization, { confirm: 'confirme' })
    expect(refusal).toMatchObject({ code: 'validation_failed', details: { issues: [{ path: 'query.confirm' }] } })
    const { secret } = await org.call(createApiKey, { name: 'runs', scopes: ['runs:write'] })
    expect(
      await testOrg(node.caller, org.slug, secret).error(deleteOrganization, { confirm: 'confirmed' }),
    ).toMatchObject({
      code: 'forbidden',
    })
    const other = await node.onboard('confirming')
    const input = { org: 'confirmed', confirm: 'confirmed' }
    expect(await other.error(deleteOrganization, input)).toMatchObject({ code: 'not_found' })
    expect(await org.call(getMe, {})).toMatchObject({ org: { slug: 'confirmed' } })
  })

  it('is refused while runs have not ended, and leaves all as it was', async () => {
    const org = await node.onboard('busy')
    const { id } = await org.call(startRun, { pipeline: HELD.id, input: { subject: 'one' } })
    expect(await org.error(deleteOrganization, { confirm: 'busy' })).toMatchObject({
      code: 'organization_busy',
      details: { runs: 1 },
    })
    const again = await org.call(startRun, { pipeline: HELD.id, input: { subject: 'two' } })
    for (const run of [id, again.id]) await org.call(cancelRun, { run })
    await waitFor(async () => {
      const runs = await Promise.all([id, again.id].map((run) => org.call(getRun, { run })))
      return runs.every(({ status }) => isEnded(status))
    }, 20_000)
    expect(await close(org)).toMatchObject({ slug: 'busy' })
  })

  it('and starting runs at once leaves no closed organisation with a run', async () => {
    for (let round = 0; round < 3; round++) {
      const org = await node.onboard(`raced-${round}`)
      const starts = Array.from({ length: 3 }, (_, n) =>
        org.call(startRun, { pipeline: HELD.id, input: { subject: `s${n}` } }),
      )
      const [closed, ...started] = await Promise.allSettled([close(org), ...starts])
      const runs = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value.id] : []))
      expect(closed.status === 'fulfilled' ? runs : []).toEqual([])
      for (const run of runs) await org.call(cancelRun, { run })
    }
  })

  it('waits for a start that is under way, and neither is given up for the other', async () => {
    const org = await node.onboard('crossed')
    const id = await idOf('crossed')
    await node.database.db.tenant(id).write(async (sql) => {
      await raiseUsage(sql, id, 'concurrentRuns', PLANS.team)
      await lowerUsage(sql, id, 'concurrentRuns', 1)
    })
    const [counted, goOn] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const start = node.database.db.tenant(id).write(async (sql) => {
      await raiseUsage(sql, id, 'concurrentRuns', PLANS.team)
      counted.resolve()
      await goOn.promise
      // As every row that names its organisation does.
      await sql.run(refer, { org: id })
    })
    await counted.promise
    const closing = org.error(deleteOrganization, { confirm: 'crossed' })
    const waiting = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    await waitFor(async () => (await node.database.query(waiting)).length > 0, 5_000)
    goOn.resolve()
    await start
    expect(await closing).toMatchObject({ code: 'organization_busy', details: { runs: 1 } })
  })

  it('stays closed for whoever repairs its counts and has not heard of it', async () => {
    const org = await node.onboard('counted')
    await close(org)
    const id = await idOf('counted')
    const orgs = (async function* () {
      yield id
    })()
    const signal = new AbortController().signal
    expect(await repairUsage(node.database.db, { orgs, counted: [countedRuns], log: silentLog, signal })).toBe(0)
    const again = node.database.db
      .tenant(id)
      .write((sql) => raiseUsage(sql, id, 'concurrentRuns', { ...PLANS.team, concurrentRuns: 2_000_000_000 }))
    await expect(again).rejects.toMatchObject({ code: 'quota_exceeded' })
  })

  it('of two calls at once, one does it', async () => {
    const org = await node.onboard('twice')
    const outcomes = await Promise.allSettled([close(org), close(org), close(org)])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await count('organization_closings', 'twice')).toBe(1)
  })

  it('removes its repositories and schedules in the background', async () => {
    const org = await node.onboard('cleared')
    const source = makeRepository(join(folder.path, 'cleared'), { a: 'needle\n' })
    const { run, repository } = await org.call(addRepository, { source })
    await waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
    const input = { repository: repository.name }
    await org.call(createSchedule, { name: 'nightly', pipeline: 'git/code/index', input, cron: '0 4 * * *' })
    await close(org)
    expect([await count('repositories', 'cleared'), await count('schedules', 'cleared')]).toEqual([1, 1])
    await node.domains.identity.sweep()
    expect([await count('repositories', 'cleared'), await count('schedules', 'cleared')]).toEqual([0, 0])
    expect(await closingOf('cleared')).toMatchObject({ ended_at: expect.any(Date), tries: 0 })
  })

  it('deletes the row, and all that hangs on it, after thirty days', async () => {
    const org = await node.onboard('forgotten')
    await close(org)
    await node.domains.identity.sweep()
    aheadMs = 29 * DAY_MS
    await node.domains.identity.sweep()
    expect(await count('api_keys', 'forgotten')).toBe(1)
    aheadMs = 31 * DAY_MS
    const [row] = await node.database.query<{ org_id: string }>(
      "select org_id from organizations where slug = 'forgotten'",
    )
    await node.domains.identity.sweep()
    aheadMs = 0
    for (const table of ['organizations', 'api_keys', 'audit_entries', 'org_limits', 'organization_closings'])
      expect([table, await node.database.query(`select from ${table} where org_id = $1`, [row?.org_id])]).toEqual([
        table,
        [],
      ])
    expect(await operator(onboardOrganization, {}, { slug: 'forgotten', name: 'Again' })).toMatchObject({ ok: true })
  })

  it('can not be taken back, whatever a statement may try', async () => {
    const org = await node.onboard('final')
    await close(org)
    await expect(node.database.query("update organizations set closed_at = null where slug = 'final'")).rejects.toThrow(
      'a closed organisation can not be changed',
    )
  })
})

describe('what has to be done elsewhere', () => {
  it('is tried again until it is done, goes on where it was, and is told of after more than three times', async () => {
    const done: string[] = []
    const told: string[] = []
    let away = true
    const sweep = nodeWith(
      [
        { name: 'first', run: async () => void done.push('first') },
        {
          name: 'subscription',
          run: async () => {
            if (away) throw new Error('the provider is away')
            done.push('subscription')
          },
        },
      ],
      told,
    )
    // Those of the tests before.
    await node.domains.identity.sweep()
    const org = await node.onboard('elsewhere')
    await close(org)
    await sweep()
    // Not before it is due.
    await sweep()
    expect(await closingOf('elsewhere')).toEqual({ done: ['first'], tries: 1, ended_at: null })
    for (let n = 0; n < 3; n++) {
      expect(told).toEqual([])
      await due()
      await sweep()
    }
    expect(told).toEqual(['closing stuck at subscription after 4'])
    // Meanwhile nothing of it is deleted.
    aheadMs = 31 * DAY_MS
    await sweep()
    aheadMs = 0
    expect(await count('organization_closings', 'elsewhere')).toBe(1)
    away = false
    await due()
    await sweep()
    expect(done).toEqual(['first', 'subscription'])
    expect(told.at(-1)).toBe('closing settled')
    expect(await closingOf('elsewhere')).toMatchObject({ done: ['first', 'subscription'], ended_at: expect.any(Date) })
  })

  it('that hangs is given up after its time, and does not keep the others waiting', async () => {
    const done: string[] = []
    const [stuck, fine] = [await node.onboard('hanging'), await node.onboard('not-hanging')]
    await close(stuck)
    await close(fine)
    const [row] = await node.database.query<{ org_id: string }>(
      "select org_id from organizations where slug = 'hanging'",
    )
    const sweep = nodeWith([
      {
        name: 'hangs',
        run: async (org) => {
          if (org === row?.org_id) await new Promise(() => {})
          done.push(org)
        },
      },
    ])
    await sweep()
    expect(await closingOf('hanging')).toMatchObject({ tries: 1, ended_at: null })
    expect(await closingOf('not-hanging')).toMatchObject({ tries: 0, ended_at: expect.any(Date) })
  })

  it('is done once by several nodes', async () => {
    const done: string[] = []
    const org = await node.onboard('shared')
    await close(org)
    const step = { name: 'count', run: async (id: string) => void done.push(id) }
    await Promise.all([nodeWith([step])(), nodeWith([step])(), nodeWith([step])()])
    expect(new Set(done).size).toBe(done.length)
  })
})

describe('renaming', () => {
  it('changes the name for people alone, and is audited', async () => {
    const org = await node.onboard('renamed')
    const renamed = await org.call(updateOrganization, { name: '  Renamed Ltd ' })
    expect(renamed).toMatchObject({ slug: 'renamed', name: 'Renamed Ltd' })
    expect((await org.call(getMe, {})).org).toMatchObject({ name: 'Renamed Ltd' })
    for (const name of ['', ' ', 'x'.repeat(121)])
      expect(await org.error(updateOrganization, { name })).toMatchObject({ code: 'validation_failed' })
    const [entry] = await node.database.query<{ entry: string }>(
      "select entry from audit_entries join organizations using (org_id) where slug = 'renamed' order by seq desc limit 1",
    )
    expect(JSON.parse(entry?.entry ?? '')).toEqual(
      expect.arrayContaining(['organizations.update', { name: 'Renamed Ltd' }]),
    )
  })
})
