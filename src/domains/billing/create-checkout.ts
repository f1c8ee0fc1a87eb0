import type { Stripe } from 'stripe'
import { createCheckout } from '../../contract/billing.ts'
import type { InputOf } from '../../contract/operation.ts'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { callKey } from './call-key.ts'
import type { BillingCore } from './core.ts'
import { customerOf } from './customers.ts'
import { isLiveStatus } from './decide-plan.ts'
import { forSale } from './describe-billing.ts'
import { readCheckout, type Checkout } from './objects.ts'
import { priceToSell } from './settings.ts'
import { make } from './stripe-failure.ts'
import { fetchSubscriptions } from './sync-account.ts'

type Input = InputOf<typeof createCheckout>

/** A page at Stripe has no effect until somebody pays there, so that it is made before the transaction of the call. */
export function createCheckoutVerb(core: BillingCore): BoundVerb {
  return implement(createCheckout, {
    prepare: (ctx, input) => openCheckout(core, ctx, input),
    async run({ note }, { plan, pack }, { id, url, expiresAt }) {
      note({ ...(plan === undefined ? { pack: pack ?? null } : { plan }), checkout: id })
      if (url === null) throw new Error('a new checkout has no address')
      return { id, url, expiresAt: expiresAt.toISOString(), sandbox: core.settings.sandbox }
    },
  })
}

async function openCheckout(core: BillingCore, ctx: Ctx, input: Input): Promise<Checkout> {
  const { settings, publicUrl } = core
  const { plan, pack, successUrl, cancelUrl } = input
  for (const [field, url] of Object.entries({ successUrl, cancelUrl })) checkReturn(field, url, publicUrl)
  const price = priceToSell(settings.prices, plan === undefined ? { pack: pack ?? '' } : { plan })
  if (price === null) throw new TenonError('not_for_sale', { details: { ...namesForSale(core) } })
  const { id: org, slug } = ctx.orgRef()
  const customer = await customerOf(core, { id: org, slug })
  if (plan !== undefined) await refuseSecond(core, customer)
  const metadata = { tenon_org: org, tenon_actor: nameOfActor(ctx.actor) }
  const params: Stripe.Checkout.SessionCreateParams = {
    customer,
    client_reference_id: org,
    metadata,
    line_items: [{ price, quantity: 1 }],
    success_url: successUrl ?? `${publicUrl}/billing/return?session={CHECKOUT_SESSION_ID}`,
    cancel_url: cancelUrl ?? `${publicUrl}/billing/return?cancelled=1`,
    ...(plan === undefined
      ? { mode: 'payment', payment_intent_data: { metadata } }
      : { mode: 'subscription', subscription_data: { metadata } }),
  }
  const key = callKey(ctx, 'checkout', params)
  return make(key, async (idempotencyKey) =>
    readCheckout(await core.stripe.checkout.sessions.create(params, { idempotencyKey })),
  )
}

/** Asked of Stripe, which knows of a subscription before an event has told of it. */
async function refuseSecond({ stripe }: BillingCore, customer: string): Promise<void> {
  const live = (await fetchSubscriptions(stripe, customer)).find(({ status }) => isLiveStatus(status))
  if (live !== undefined) throw new TenonError('already_subscribed', { details: { subscription: live.id } })
}

function namesForSale({ settings }: BillingCore): { plans: string[]; packs: string[] } {
  const { plans, packs } = forSale(settings.prices)
  return { plans, packs: packs.map(({ name }) => name) }
}

/** What every parser of addresses reads alike: no backslash, no blank, nothing beyond ASCII. */
const PLAIN = /^[\x21-\x5b\x5d-\x7e]+$/

/** Stripe leads there with the id of the checkout: to nobody but this server. */
function checkReturn(field: string, given: string | undefined, publicUrl: string): void {
  if (given === undefined) return
  const { origin, username, password } = new URL(given)
  if (PLAIN.test(given) && origin === new URL(publicUrl).origin && username === '' && password === '') return
  const message = `An address of this server, which begins with ${new URL(publicUrl).origin}/`
  throw new TenonError('validation_failed', { details: { issues: [{ path: `body.${field}`, message }] } })
}
