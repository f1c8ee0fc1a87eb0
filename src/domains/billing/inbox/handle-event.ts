import type { OrgId } from '../../../contract/ids.ts'
import { failpoint } from '../../../kernel/failpoint.ts'
import { recordFinding, resolveFinding } from '../../findings/index.ts'
import { shortened, type BillingCore } from '../core.ts'
import { HANDLERS } from '../events/index.ts'
import { parked, type Handled } from '../events/handler.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { isLive } from '../settings.ts'
import { failureCode } from '../stripe-failure.ts'
import { retryEvent, settleEvent, type ClaimedRow } from './inbox.sql.ts'

/** About half a day, at an hour between the last tries. */
const MAX_TRIES = 20

/** Applies a claimed event and says what came of it. Throws only when the database is away; the lease ends by itself then. */
export async function handleEvent(core: BillingCore, event: ClaimedRow): Promise<void> {
  await failpoint('webhook.claimed')
  const about = { event: shortened(event.id), type: event.type, object: shortened(event.objectId) }
  // Each of those tries has ended without a word, with the process perhaps: it is not tried any more.
  if (event.tries > MAX_TRIES) return fail(core, event, 'given_up')
  let handled: Handled
  try {
    handled = await apply(core, event)
  } catch (thrown) {
    const code = failureCode(thrown)
    core.log.warn({ ...about, err: thrown, code, tries: event.tries }, 'an event of Stripe could not be applied')
    await fail(core, event, code)
    return
  }
  const { state, org, reason = null } = handled
  if (state === 'parked') core.log.warn({ ...about, reason, org }, 'an event of Stripe was parked')
  await settle(core, event, { state, org, reason })
}

async function apply(core: BillingCore, event: ClaimedRow): Promise<Handled> {
  const handler = HANDLERS.get(event.type)
  if (handler === undefined) return { state: 'done', org: null, reason: 'not_handled' }
  if (event.livemode !== isLive(core.settings)) return parked('wrong_mode')
  return handler(core, event)
}

async function fail(core: BillingCore, event: ClaimedRow, reason: string): Promise<void> {
  const { id, claim, tries, customerId } = event
  if (tries < MAX_TRIES) {
    await core.db.cross('billing', (sql) => sql.run(retryEvent, { id, claim, reason }))
    return
  }
  const org = customerId === null ? null : await orgOfCustomer(core, customerId)
  await settle(core, event, { state: 'failed', org, reason })
}

interface Outcome {
  readonly state: 'done' | 'parked' | 'failed'
  readonly org: OrgId | null
  readonly reason: string | null
}

/** With its finding, in one transaction; nothing when another has claimed the event since, or it was replayed. */
async function settle(core: BillingCore, event: ClaimedRow, { state, org, reason }: Outcome): Promise<void> {
  const { id, claim, type, tries } = event
  await core.db.cross('billing', async (sql) => {
    const [mine] = await sql.run(settleEvent, { id, claim, state, reason, orgId: org })
    if (mine === undefined || org === null) return
    await sql.asTenant(org, async (tenant) => {
      const finding = { kind: 'event_parked', subject: id } as const
      if (state === 'done') await resolveFinding(tenant, org, finding)
      else await recordFinding(tenant, org, { ...finding, details: { type, reason, tries } })
    })
  })
}
