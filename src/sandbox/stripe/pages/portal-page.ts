import { shownAmount, shownPrice } from '../billing/money.ts'
import { periodOf } from '../billing/items.ts'
import type { Answer } from '../http/answer.ts'
import type { World } from '../core/world.ts'
import type { Customer, PortalSession, Price, Subscription } from '../core/wire.ts'
import { day, html, pageAnswer, type Html } from './html.ts'

/** What a customer does alone: change, cancel, keep, replace the card. */
export function portalPage(
  world: World,
  session: PortalSession,
  customer: Customer,
  problem: string | null = null,
): Answer {
  const mine = world.store.all('subscription').filter((each) => each.customer === customer.id)
  const running = mine.filter(({ status }) => !['canceled', 'incomplete_expired'].includes(status))
  const invoices = world.store
    .all('invoice')
    .filter((each) => each.customer === customer.id)
    .toReversed()
    .slice(0, 12)
  const content = html` <h1>${customer.name ?? customer.email ?? 'Your'} billing</h1>
    ${problem === null ? null : html`<p class="card alert" role="alert">${problem}</p>`}
    ${running.length === 0 ? html`<p class="card">There is no subscription.</p>` : running.map((each) => subscriptionCard(world, each))}
    <form method="post" class="card">
      <h2>Card</h2>
      <p>${customer.sandbox.card === 'ok' ? 'Payments succeed.' : 'Payments are declined.'}</p>
      <button name="card" value="${customer.sandbox.card === 'ok' ? 'declines' : 'ok'}">
        ${customer.sandbox.card === 'ok' ? 'Use a card that declines' : 'Use a card that works'}
      </button>
    </form>
    <section class="card">
      <h2>Invoices</h2>
      ${
        invoices.length === 0
          ? html`<p class="dim">None yet.</p>`
          : html`<table class="lines">
              <tbody>
                ${invoices.map(
                  ({ number, created, status, total, currency }) =>
                    html`<tr>
                      <td>
                        ${number ?? ''}
                        <div class="dim">${day(created)}, ${status ?? ''}</div>
                      </td>
                      <td>${shownAmount(total, currency)}</td>
                    </tr>`,
                )}
              </tbody>
            </table>`
      }
    </section>
    ${session.return_url === null ? null : html`<a class="button" href="${session.return_url}">Go back</a>`}`
  return pageAnswer({ title: 'Billing', status: problem === null ? 200 : 402, leadsTo: [session.return_url] }, content)
}

function subscriptionCard(world: World, subscription: Subscription): Html {
  const [first] = subscription.items.data
  const name = world.store.get('product', first?.price.product ?? '')?.name ?? subscription.id
  const { end } = periodOf(subscription)
  const others = world.store.all('price').filter((price) => canReplace(price, subscription))
  return html`<form method="post" class="card">
    <input type="hidden" name="subscription" value="${subscription.id}" />
    <h2>${name}</h2>
    <p>${first === undefined ? '' : shownPrice(first.price)} · ${subscription.status.replaceAll('_', ' ')}</p>
    <p class="dim">${subscription.cancel_at_period_end ? 'Ends' : 'Renews'} on ${day(end)}</p>
    ${
      others.length === 0 || subscription.items.data.length > 1 || subscription.status === 'incomplete'
        ? null
        : html`<label for="price-${subscription.id}">Change to</label>
            <div class="row">
              <select id="price-${subscription.id}" name="price">
                ${others.map((price) => html`<option value="${price.id}">${world.store.get('product', price.product)?.name ?? price.id}, ${shownPrice(price)}</option>`)}
              </select>
              <button name="action" value="change">Change</button>
            </div>`
    }
    ${
      subscription.cancel_at_period_end
        ? html`<button class="main" name="action" value="keep">Keep it</button>`
        : html`<button class="bad" name="action" value="cancel">Cancel at the end of the period</button>`
    }
  </form>`
}

export function canReplace(price: Price, { items, currency }: Subscription): boolean {
  const own = items.data.some((item) => item.price.id === price.id)
  return price.active && price.type === 'recurring' && price.currency === currency && !own
}
