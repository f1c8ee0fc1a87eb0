import type { OrgId, RunId } from '../../src/contract/ids.ts'
import { grantCredits, reserveCredits, settleCredits } from '../../src/domains/credits/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { TestDatabase } from './database.ts'

/** The id of a run that was charged so many credits, and has some reserved. */
export async function chargedRun({ db, query }: TestDatabase, slug: string, captured: number): Promise<RunId> {
  const [row] = await query<{ org: OrgId }>('select org_id as org from organizations where slug = $1', [slug])
  if (row === undefined) throw new Error(`there is no organisation ${slug}`)
  const { org } = row
  const run = newId('run')
  const pack = { kind: 'pack', source: `for ${run}`, amount: captured + 5, expiresAt: null } as const
  await db.tenant(org).write(async (sql) => {
    await grantCredits(sql, org, pack)
    await reserveCredits(sql, org, { run, amount: captured + 5 })
    await settleCredits(sql, org, { run, key: 'work', captured, released: 0 })
  })
  return run
}
