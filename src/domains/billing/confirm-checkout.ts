import { confirmCheckout } from '../../contract/billing.ts'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { appendAudit } from '../audit/index.ts'
import { selectAccount } from './accounts.sql.ts'
import type { BillingCore } from './core.ts'
import { describeBilling } from './describe-billing.ts'
import { grant, paidByCheckout } from './grants.ts'
import { readCheckout, type Checkout } from './objects.ts'
import { find } from './stripe-failure.ts'
import { syncNow } from './sync-account.ts'

/** Whatever else is given, there is none. */
const SESSION = /^cs_[A-Za-z0-9_]{1,200}$/

/** Does what the events of the checkout do, and once in all. */
export function confirmCheckoutVerb(core: BillingCore): BoundVerb {
  return implement(confirmCheckout, {
    async prepare(ctx, { session }) {
      const checkout = SESSION.test(session)
        ? await find(async () => readCheckout(await core.stripe.checkout.sessions.retrieve(session)))
        : null
      if (checkout === null || !(await belongsTo(core, ctx, checkout))) {
        await refuse(core, ctx, session)
        throw new TenonError('not_found')
      }
      const org = ctx.orgId()
      const paid = await paidByCheckout(core, checkout)
      if (paid !== null) await grant(core, org, paid)
      await syncNow(core, org)
      return checkout.isPaid && checkout.status === 'complete'
    },
    run: async ({ sql, orgId }, _, paid) => ({ paid, billing: await describeBilling(sql, orgId(), core.settings) }),
  })
}

/** To the organisation in all three places, and to whom has begun it. */
async function belongsTo({ db }: BillingCore, ctx: Ctx, checkout: Checkout): Promise<boolean> {
  const org = ctx.orgId()
  const [account] = await db.tenant(org).read.run(selectAccount, { org })
  return (
    checkout.org === org &&
    checkout.reference === org &&
    checkout.actor === nameOfActor(ctx.actor) &&
    checkout.customer !== null &&
    checkout.customer === account?.customerId
  )
}

/** Those who own the organisation hear of somebody who tries checkouts that are not theirs; the caller learns nothing. */
async function refuse({ db }: BillingCore, { orgId, clock, actor, address, requestId }: Ctx, session: string) {
  await db.tenant(orgId()).write((sql) =>
    appendAudit(sql, orgId(), {
      at: clock.now().toISOString(),
      action: confirmCheckout.name,
      outcome: 'refused',
      code: 'not_found',
      actor: nameOfActor(actor),
      address,
      requestId,
      resources: { session },
      details: {},
    }),
  )
}
