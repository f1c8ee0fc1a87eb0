import { failpoint } from '../../../kernel/failpoint.ts'
import { isId } from '../../../contract/ids.ts'
import { recordFinding, resolveFinding } from '../../findings/index.ts'
import { shortened, type BillingCore } from '../core.ts'
import { HANDLERS } from '../events/index.ts'
import { orgOfCustomer, parked, type Handled } from '../events/handler.ts'
import { isLive } from '../settings.ts'
import { failureCode } from '../stripe-failure.ts'
import { retryEvent, settleEvent, type ClaimedRow } from './inbox.sql.ts'

/** About half a day, at an hour between the last tries. */
const MAX_TRIES = 20

/** Applies a claimed event and says what came of it. Throws only when the database is away; the lease ends by itself then. */
export async function handleEvent(core: BillingCore, event: ClaimedRow): Promise<void> {
  await failpoint('webhook.claimed')
  const about = { event: shortened(event.id), type: event.type, object: shortened(event.objectId) }
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
  const { id, claim } = event
  await core.db.cross('billing', (sql) => sql.run(settleEvent, { id, claim, state, reason, orgId: org }))
  if (org !== null)
    await core.db.tenant(org).write(async (sql) => {
      const finding = { kind: 'event_parked', subject: id } as const
      if (state === 'parked') await recordFinding(sql, org, { ...finding, details: { type: event.type, reason } })
      else await resolveFinding(sql, org, finding)
    })
}

async function apply(core: BillingCore, event: ClaimedRow): Promise<Handled> {
  const handler = HANDLERS.get(event.type)
  if (handler === undefined) return { state: 'done', org: null, reason: 'not_handled' }
  if (event.livemode !== isLive(core.settings)) return parked('wrong_mode')
  return handler(core, event)
}

async function fail(core: BillingCore, event: ClaimedRow, reason: string): Promise<void> {
  const { id, claim, tries, type, customerId } = event
  if (tries < MAX_TRIES) {
    await core.db.cross('billing', (sql) => sql.run(retryEvent, { id, claim, reason }))
    return
  }
  const org = customerId === null ? null : await orgOfCustomer(core, customerId)
  await core.db.cross('billing', (sql) => sql.run(settleEvent, { id, claim, state: 'failed', reason, orgId: org }))
  if (org !== null && isId('org', org))
    await core.db
      .tenant(org)
      .write((sql) => recordFinding(sql, org, { kind: 'event_parked', subject: id, details: { type, reason, tries } }))
}
