import { keepsEffects, StripeFailure } from '../core/failure.ts'
import { customerOf, objectOf, type World } from '../core/world.ts'
import type { Customer } from '../core/wire.ts'
import { checkoutPage, leadTo } from '../pages/checkout-page.ts'
import { html, pageAnswer, redirect } from '../pages/html.ts'
import { overviewPage } from '../pages/overview-page.ts'
import { canReplace, portalPage } from '../pages/portal-page.ts'
import { completeSession } from '../resources/complete-session.ts'
import { updateSubscription } from '../resources/update-subscription.ts'
import type { Answer } from './answer.ts'
import { LONGEST_ADVANCE, setCard, type Controls } from './control.ts'

const CHECKOUT = /^\/sandbox\/checkout\/([^/]+)$/
const PORTAL = /^\/sandbox\/portal\/([^/]+)$/

/** What people see; null when there is no such page. */
export function showPage(world: World, path: string): Answer | null {
  try {
    if (path === '/' || path === '/sandbox/') return redirect('/sandbox')
    if (path === '/sandbox') return overviewPage(world)
    const checkout = CHECKOUT.exec(path)?.[1]
    if (checkout !== undefined) return checkoutPage(objectOf(world, 'checkout.session', checkout))
    const portal = PORTAL.exec(path)?.[1]
    if (portal === undefined) return null
    const session = objectOf(world, 'billing_portal.session', portal)
    return portalPage(world, session, customerOf(world, session.customer))
  } catch (error) {
    if (error instanceof StripeFailure) return problemPage(error)
    throw error
  }
}

/** What people do on a page; null when there is no such page. */
export async function submitPage(controls: Controls, path: string, form: URLSearchParams): Promise<Answer | null> {
  const { world } = controls
  try {
    if (path === '/sandbox') return await submitAdvance(controls, form)
    const checkout = CHECKOUT.exec(path)?.[1]
    if (checkout !== undefined) return submitCheckout(world, checkout, form)
    const portal = PORTAL.exec(path)?.[1]
    return portal === undefined ? null : submitPortal(world, portal, form)
  } catch (error) {
    if (error instanceof StripeFailure) return problemPage(error)
    throw error
  }
}

async function submitAdvance({ advance }: Controls, form: URLSearchParams): Promise<Answer> {
  const seconds = Number(form.get('seconds'))
  if (Number.isInteger(seconds) && seconds > 0 && seconds <= LONGEST_ADVANCE) await advance(seconds)
  return redirect('/sandbox')
}

function submitCheckout(world: World, id: string, form: URLSearchParams): Answer {
  const session = objectOf(world, 'checkout.session', id)
  const email = form.get('email') ?? ''
  const card = form.get('card') === 'declines' ? 'declines' : 'ok'
  try {
    const known = /^[^\s@]{1,64}@[^\s@]{1,255}$/.test(email) ? email : null
    return redirect(
      leadTo(world.store.transaction(() => completeSession(world, session, { card, email: known }), keepsEffects)),
    )
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return checkoutPage(objectOf(world, 'checkout.session', id), error.message)
  }
}

function submitPortal(world: World, id: string, form: URLSearchParams): Answer {
  const session = objectOf(world, 'billing_portal.session', id)
  const customer = customerOf(world, session.customer)
  try {
    world.store.transaction(() => applyPortal(world, customer, form))
    return redirect(`/sandbox/portal/${id}`)
  } catch (error) {
    if (!(error instanceof StripeFailure)) throw error
    return portalPage(world, session, customerOf(world, customer.id), error.message)
  }
}

function applyPortal(world: World, customer: Customer, form: URLSearchParams): void {
  const card = form.get('card')
  if (card === 'ok' || card === 'declines') setCard(world, customer, card)
  const subscription = world.store.get('subscription', form.get('subscription') ?? '')
  // Only what is theirs: the session names the customer, the form names the rest.
  if (subscription !== undefined && subscription.customer === customer.id) {
    const action = form.get('action')
    const [item] = subscription.items.data
    const price = world.store.get('price', form.get('price') ?? '')
    if (action === 'cancel') updateSubscription(world, subscription, { cancel_at_period_end: true })
    else if (action === 'keep') updateSubscription(world, subscription, { cancel_at_period_end: false })
    else if (action === 'change' && item !== undefined && price !== undefined && canReplace(price, subscription)) {
      updateSubscription(world, subscription, { items: [{ id: item.id, price: price.id }] })
    }
  }
}

function problemPage(failure: StripeFailure): Answer {
  const content = html`<h1>This page does not exist</h1>
    <p class="card">${failure.message}</p>
    <a class="button" href="/sandbox">Overview of the sandbox</a>`
  return pageAnswer({ title: 'Not found', status: failure.status }, content)
}
