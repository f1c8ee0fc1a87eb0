import type { OrgId } from '../../contract/ids.ts'
import { failpoint } from '../../kernel/failpoint.ts'
import { grantCredits, revokeGrant } from '../credits/index.ts'
import { recordFinding, type FoundThing } from '../findings/index.ts'
import { auditSystem } from './audit-system.ts'
import type { BillingCore } from './core.ts'
import { grant, type PaidFor } from './grants.ts'

export interface TakeBack {
  /** Of the refund or the dispute: it takes back once. */
  readonly key: string
  /** null: all that is left. */
  readonly amount: number | null
  /** What is to be found by those who watch, besides a shortage. */
  readonly finding?: FoundThing
}

/**
 * Takes credits back. They are granted first should they not have been: what was paid may be told of after it was
 * given back, and would grant in full then.
 */
export async function takeBack(
  core: BillingCore,
  org: OrgId,
  paid: PaidFor,
  takings: readonly TakeBack[],
): Promise<void> {
  await grant(core, org, paid)
  for (const { key, amount, finding } of takings) {
    await core.db.tenant(org).write(async (sql) => {
      if (finding !== undefined) await recordFinding(sql, org, finding)
      if (amount === 0) return
      const { revoked, short } = await revokeGrant(sql, org, { source: paid.source, key, amount })
      if (short > 0) await recordFinding(sql, org, { kind: 'refund_short', subject: key, details: { revoked, short } })
      if (revoked > 0)
        await auditSystem(sql, org, {
          at: core.clock.now(),
          action: 'credits.revoke',
          resources: { source: paid.source, key },
          details: { revoked, short },
        })
      await failpoint('webhook.written')
    })
    await failpoint('webhook.committed')
  }
}

/**
 * Gives again what was taken back under a key, once. What was not taken yet is taken first, so that whoever takes it later
 * finds that done.
 */
export async function giveBack(core: BillingCore, org: OrgId, paid: PaidFor, key: string): Promise<void> {
  await grant(core, org, paid)
  await core.db.tenant(org).write(async (sql) => {
    const { revoked: amount } = await revokeGrant(sql, org, { source: paid.source, key, amount: null })
    if (amount === 0) return
    const source = `${key}:won`
    const { granted } = await grantCredits(sql, org, { kind: paid.kind, source, amount, expiresAt: paid.expiresAt })
    if (granted)
      await auditSystem(sql, org, {
        at: core.clock.now(),
        action: 'credits.grant',
        resources: { source },
        details: { kind: paid.kind, amount },
      })
    await failpoint('webhook.written')
  })
  await failpoint('webhook.committed')
}
