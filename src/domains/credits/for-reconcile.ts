import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { creditsOfRuns } from './balance.ts'
import { holdAccount, selectHeld, selectPaidGrants } from './for-reconcile.sql.ts'
import { releaseRest } from './settle-credits.ts'

const PAGE = 500

/** Reservations that are open, in pages. */
export async function* heldCredits(sql: Sql, org: OrgId): AsyncGenerator<readonly { run: RunId; held: number }[]> {
  for (let after = ''; ;) {
    const page = await sql.run(selectHeld, { org, after, limit: PAGE })
    const last = page.at(-1)
    if (last === undefined) return
    yield page
    after = last.run
  }
}

/** What was granted for something that was paid at Stripe, by what has granted it. */
export async function paidGrants(sql: Sql, org: OrgId): Promise<ReadonlyMap<string, number>> {
  const rows = await sql.run(selectPaidGrants, { org })
  return new Map(rows.map(({ source, amount }) => [source, amount]))
}

/**
 * Gives back what is still reserved for a run that has ended. Answers how much that was: of several at once, to one alone.
 * Whether it has is asked while nobody can reserve: a run that is tried again keeps what it has reserved.
 */
export async function releaseHeld(
  sql: Sql,
  org: OrgId,
  { run, key, hasEnded }: { run: RunId; key: string; hasEnded: () => Promise<boolean> },
): Promise<number> {
  const reserved = async () => (await creditsOfRuns(sql, org, [run])).get(run)?.reserved ?? 0
  await sql.run(holdAccount, { org })
  if (!(await hasEnded())) return 0
  const before = await reserved()
  await releaseRest(sql, org, { run, key })
  return before - (await reserved())
}
