import type { OrgId } from '../../../contract/ids.ts'
import { recordFinding, resolveFinding, type FoundThing } from '../../findings/index.ts'
import type { BillingCore } from '../core.ts'
import type { PaidFor } from '../grants.ts'
import { readCharge, readDispute } from '../objects.ts'
import { orgOfCustomer } from '../org-of-customer.ts'
import { paidByCharge } from '../payment-of-charge.ts'
import { find } from '../stripe-failure.ts'
import { giveBack, takeBack } from '../take-back.ts'
import { done, parked, type Handler } from './handler.ts'

/** Of a warning no money was taken. */
const WON: ReadonlySet<string> = new Set(['won', 'warning_closed'])

/**
 * The credits of a pack are taken back as far as they are left, and given again when the dispute was won; a plan is Stripe's
 * and the operator's to end. One that was lost stays a finding, for somebody to read.
 */
export const applyDispute: Handler = async (core, { objectId }) => {
  if (objectId === null) return parked('unknown_object')
  const dispute = await find(async () => readDispute(await core.stripe.disputes.retrieve(objectId)))
  const chargeId = dispute?.charge ?? null
  if (dispute === null || chargeId === null) return parked('unknown_object')
  const charge = await find(async () => readCharge(await core.stripe.charges.retrieve(chargeId)))
  if (charge === null) return parked('unknown_object')
  if (charge.customer === null) return parked('no_customer')
  const org = await orgOfCustomer(core, charge.customer)
  if (org === null) return parked('unknown_customer')
  const finding: FoundThing = {
    kind: 'payment_disputed',
    subject: dispute.id,
    details: { charge: charge.id, amountCents: dispute.amount, status: dispute.status },
  }
  const paid = await paidByCharge(core, { paymentIntent: charge.payment_intent, invoice: charge.invoice })
  const pack = paid?.kind === 'pack' ? paid : null
  if (WON.has(dispute.status)) await win(core, org, { pack, finding })
  else if (pack !== null) await takeBack(core, org, pack, [{ key: keyOf(finding), amount: null, finding }])
  else await core.db.tenant(org).write((sql) => recordFinding(sql, org, finding))
  return done(org)
}

const keyOf = ({ subject }: FoundThing): string => `stripe:dispute:${subject}`

async function win(
  core: BillingCore,
  org: OrgId,
  { pack, finding }: { readonly pack: PaidFor | null; readonly finding: FoundThing },
): Promise<void> {
  if (pack !== null) await giveBack(core, org, pack, keyOf(finding))
  await core.db.tenant(org).write(async (sql) => {
    await resolveFinding(sql, org, finding)
    await resolveFinding(sql, org, { kind: 'refund_short', subject: keyOf(finding) })
  })
}
