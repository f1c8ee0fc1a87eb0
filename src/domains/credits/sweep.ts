import type { OrgId } from '../../contract/ids.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import { toTenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import { orgsForMonthlyCredits, type MonthlyCredits } from '../limits/index.ts'
import { selectExpiring, selectForgotten, selectWithout } from './credits.sql.ts'
import { expireCredits } from './expire-credits.ts'
import { grantMonth, monthOf } from './monthly.ts'
import { releaseRest } from './settle-credits.ts'

const PAGE = 500

export interface SweepOptions {
  readonly clock: Clock
  readonly log: Log
}

/**
 * Writes off what has expired, gives back what is held for longer than any run lives, and gives the credits of the month to
 * whoever does not pay for theirs. Several nodes may do it at once: each grant and each expiry happens once.
 */
export async function sweepCredits(db: Database, { clock, log }: SweepOptions): Promise<void> {
  const each = eachFor(db, log)
  for (const { org } of await db.cross('keeper', (sql) => sql.run(selectExpiring, { limit: PAGE })))
    await each(org, (sql) => expireCredits(sql, org))
  for (const { org, run } of await db.cross('keeper', (sql) => sql.run(selectForgotten, { limit: PAGE }))) {
    await each(org, (sql) => releaseRest(sql, org, { run, key: 'forgotten' }))
    log.error({ org, runId: run }, 'a reservation of credits was left open and was released')
  }
  await grantMonths(db, clock.now(), each)
}

type Each = (org: OrgId, work: (sql: Sql) => Promise<unknown>) => Promise<void>

/** What fails for one organisation does not keep the others from theirs. */
function eachFor(db: Database, log: Log): Each {
  return async (org, work) => {
    try {
      await db.tenant(org).write(work)
    } catch (thrown) {
      const error = toTenonError(thrown)
      if (error.code === 'unavailable') throw error
      log.error({ err: error, org }, 'the credits of an organisation could not be swept')
    }
  }
}

async function grantMonths(db: Database, now: Date, each: Each): Promise<void> {
  let page: MonthlyCredits[] = []
  for await (const one of orgsForMonthlyCredits(db)) {
    if (one.creditsPerMonth > 0) page.push(one)
    if (page.length < PAGE) continue
    await grantPage(db, { page, now, each })
    page = []
  }
  await grantPage(db, { page, now, each })
}

async function grantPage(
  db: Database,
  { page, now, each }: { readonly page: readonly MonthlyCredits[]; readonly now: Date; readonly each: Each },
): Promise<void> {
  const orgs = page.map(({ org }) => org)
  const { source } = monthOf(now)
  const without = await db.cross('keeper', (sql) => sql.run(selectWithout, { orgs, source }))
  const wanting = new Set<OrgId>(without.map(({ org }) => org))
  for (const { org, creditsPerMonth: amount } of page)
    if (wanting.has(org)) await each(org, (sql) => grantMonth(sql, org, { amount, now }))
}
