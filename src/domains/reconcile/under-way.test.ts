import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { getCredits } from '../../contract/credits.ts'
import { listFindings } from '../../contract/findings.ts'
import type { OrgId } from '../../contract/ids.ts'
import { getReconciliation } from '../../contract/reconcile.ts'
import { newId } from '../../kernel/ids.ts'
import { runEnds } from '../../pipelines/engine/index.ts'
import { grantCredits, reserveCredits } from '../credits/index.ts'
import type { ReconcileDeps } from './deps.ts'
import { runRound, type RoundOptions } from './run-round.ts'

let node: TestNode
let org: TestOrg
let id: OrgId
let made = 0
let deps: ReconcileDeps
const clock = { now: () => new Date() }

beforeAll(async () => {
  node = await startTestNode()
  deps = { db: node.database.db, clock, log: silentLog, billing: null, runEnds }
})
afterAll(() => node.close())
beforeEach(async () => {
  org = await node.onboard(`under-way-${++made}`)
  id = (await ownOrg(org)).id
})

const query = (text: string, values: unknown[] = [id]) => node.database.query(text, values)
const own = (options: Partial<RoundOptions> = {}, given = deps) =>
  runRound(given, { dryRun: false, budgetMs: 60_000, only: id, signal: new AbortController().signal, ...options })

describe('a reservation', () => {
  it('of a run that is tried again after the look at it stays', async () => {
    const run = newId('run')
    await query(
      `insert into runs (org_id, id, pipeline, status, input, request_id, created_by, max_active, ended_at)
       values ($1, $2, 'git/code/index', 'failed', '{}', 'r', 'test', 1, now())`,
      [id, run],
    )
    await deps.db.tenant(id).write(async (sql) => {
      await grantCredits(sql, id, { kind: 'promotion', source: 'a test', amount: 100, expiresAt: null })
      await reserveCredits(sql, id, { run, amount: 60 })
    })
    let looks = 0
    // Between the look and the repair somebody has tried it again.
    const racing: typeof runEnds = async (...asked) => {
      if (looks++ === 1) await query(`update runs set status = 'queued', ended_at = null where org_id = $1`)
      return runEnds(...asked)
    }
    expect(await own({}, { ...deps, runEnds: racing })).toMatchObject({ verdict: 'clean', seen: [] })
    expect([looks, (await org.call(getCredits, {})).reserved]).toEqual([2, 60])
  })
})

describe('what is used', () => {
  it('beyond a plan that became smaller is told as long as it is, and is nobody’s mistake', async () => {
    const seats = (used: number) =>
      query(
        `insert into org_usage (org_id, quota, day, used) values ($1, 'seats', date 'epoch', $2)
         on conflict (org_id, quota) do update set used = excluded.used`,
        [id, used],
      )
    await query(`update org_limits set plan = 'free' where org_id = $1`)
    await seats(3)
    expect(await own({ dryRun: true })).toMatchObject({ verdict: 'clean' })
    expect(await org.call(listFindings, {})).toEqual([])
    expect(await own()).toMatchObject({ verdict: 'clean', seen: [] })
    expect(await org.call(getReconciliation, {})).toMatchObject({ state: 'synced' })
    expect(await org.call(listFindings, { status: 'open' })).toMatchObject([
      { kind: 'above_limit', subject: 'seats', details: { used: 3, limit: 1 } },
    ])
    await seats(1)
    await own()
    expect(await org.call(listFindings, { status: 'open' })).toEqual([])
  })
})

describe('a round', () => {
  it('ends soon when its worker does, and is gone on with', async () => {
    const ending = new AbortController()
    let listed = 0
    async function* usersWithoutOrg() {
      for (; listed < 50; listed++) {
        ending.abort()
        yield newId('user')
      }
    }
    const report = await own({ only: undefined, signal: ending.signal, goesOn: true }, { ...deps, usersWithoutOrg })
    expect(report).toMatchObject({ verdict: 'open', nextCursor: expect.any(String) })
    expect(listed).toBe(0)
  })
})
