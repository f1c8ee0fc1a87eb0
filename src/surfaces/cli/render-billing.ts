import type { Billing, confirmCheckout, createCheckout, openPortal, StripeEvent } from '../../contract/billing.ts'
import type { DataOf } from '../../contract/operation.ts'
import { listOf } from './table.ts'
import { ago, amount, fields, moment, plain, styleOf, until, wrap, type Look, type Renderers } from './text.ts'

export const BILLING_RENDERERS: Renderers = {
  'billing.get': renderBilling,
  'billing.sync': renderBilling,
  'billing.confirm': ({ paid, billing }: DataOf<typeof confirmCheckout>, look: Look) =>
    `${paid ? 'Paid for.' : 'Not paid for yet: nothing has changed.'}\n\n${renderBilling(billing, look)}`,
  'billing.checkout': ({ url, expiresAt, sandbox }: DataOf<typeof createCheckout>, look: Look) =>
    page('Pay here', { url, sandbox, note: `open until ${moment(expiresAt)}` }, look),
  'billing.portal': ({ url, sandbox }: DataOf<typeof openPortal>, look: Look) =>
    page('Change plan and card, cancel, read invoices here', { url, sandbox }, look),
  'webhooks.list': (events: StripeEvent[], look: Look) =>
    listOf(
      events,
      look,
      'Stripe has sent nothing of this kind.',
      ['EVENT', 'TYPE', 'STATE', 'RECEIVED', 'TRIES', 'REASON'],
      ({ id, type, state, receivedAt, tries, reason }) => [
        id,
        type,
        state,
        ago(receivedAt),
        String(tries),
        reason ?? '–',
      ],
    ),
  'webhooks.replay': ({ id, type }: StripeEvent) =>
    `${id} (${plain(type)}) waits to be applied again.\nSee what comes of it: tenon webhooks list\n`,
}

function renderBilling(billing: Billing, look: Look): string {
  const { plan, subscribedPlan, subscription, sync, plans, packs, sandbox } = billing
  const style = styleOf(look.colors)
  const facts = fields(
    {
      plan: subscribedPlan === null || subscribedPlan === plan ? plan : `${plan}, ${subscribedPlan} subscribed to`,
      subscription: subscription === null ? 'none' : subscriptionText(subscription),
      ...(subscription === null
        ? {}
        : { [subscription.cancelAtPeriodEnd ? 'ends' : 'renews']: until(subscription.periodEnd) }),
      Stripe: syncText(sync),
      'for sale': plans.length + packs.length === 0 ? 'nothing' : null,
      plans: plans.length === 0 ? null : plans.join(', '),
      'packs of credits':
        packs.length === 0 ? null : packs.map(({ name, credits }) => `${name} ${amount(credits)}`).join(', '),
    },
    look.width,
  )
  const mode = sandbox ? `${style('yellow', 'Sandbox: no real money.')}\n\n` : ''
  const next = nextText(billing)
  return `${mode}${facts}${next === '' ? '' : `\n${next}\n`}`
}

function subscriptionText({ status, plan, price }: NonNullable<Billing['subscription']>): string {
  const named = plan ?? (price === null ? 'no price' : `unknown price ${plain(price)}`)
  return `${named}, ${plain(status.replaceAll('_', ' '))}`
}

function syncText({ state, at, code, nextTryAt }: Billing['sync']): string {
  if (state === 'synced') return at === null ? 'nothing to agree on yet' : `in agreement, ${ago(at)}`
  const why = code === null ? '' : ` (${plain(code)})`
  return state === 'pending' ? `being asked${why}` : `failed${why}, next try ${until(nextTryAt)}`
}

/** What can be done from here. */
function nextText({ subscription, plans, packs }: Billing): string {
  const [plan] = plans
  const [pack] = packs
  if (subscription !== null && plan !== undefined) return 'Change plan or card, cancel: tenon billing portal'
  if (plan !== undefined) return `Subscribe: tenon billing checkout ${plan}`
  return pack === undefined ? '' : `Buy credits: tenon billing checkout --pack ${pack.name}`
}

/** The address stays in one piece, so that it can be copied. */
function page(
  what: string,
  { url, sandbox, note }: { readonly url: string; readonly sandbox: boolean; readonly note?: string },
  look: Look,
): string {
  const style = styleOf(look.colors)
  const told = [...(note === undefined ? [] : [note]), ...(sandbox ? ['sandbox: no real money'] : [])].join('; ')
  const lines = wrap(told === '' ? `${what}:` : `${what} (${told}):`, look.width)
  return `${lines.join('\n')}\n\n${style('cyan', url)}\n`
}
