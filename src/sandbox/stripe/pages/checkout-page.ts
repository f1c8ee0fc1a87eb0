import { shownAmount, shownPrice } from '../billing/money.ts'
import type { Answer } from '../http/answer.ts'
import type { CheckoutSession } from '../core/wire.ts'
import { html, pageAnswer } from './html.ts'

/** `problem` is what went wrong with the last try. */
export function checkoutPage(session: CheckoutSession, problem: string | null = null): Answer {
  const { sandbox, currency, amount_total: total, mode, success_url, cancel_url } = session
  const shown = (amount: number | null): string => shownAmount(amount ?? 0, currency ?? 'usd')
  const lines = sandbox.lines.map(
    ({ description, quantity, price, amount_total: amount }) =>
      html`<tr>
        <td>
          ${description ?? price.id}
          <div class="dim">${quantity} × ${shownPrice(price)}</div>
        </td>
        <td>${shown(amount)}</td>
      </tr>`,
  )
  const content = html` <h1>${mode === 'subscription' ? 'Subscribe' : 'Pay'}</h1>
    ${problem === null ? null : html`<p class="card alert" role="alert">${problem}</p>`}
    <section class="card">
      <table class="lines">
        <tbody>
          ${lines}
        </tbody>
        <tfoot>
          <tr class="total">
            <th scope="row">Total ${sandbox.trialEnd === null ? 'now' : 'now, during the trial'}</th>
            <td>${shown(total)}</td>
          </tr>
        </tfoot>
      </table>
    </section>
    ${session.status === 'open' ? payForm(session, shown(total)) : html`<p class="card">This checkout is ${session.status === 'complete' ? 'paid' : 'over'}. ${session.success_url === null ? null : html`<a href="${leadTo(session)}">Go on</a>`}</p>`}
    <p class="dim">This page stands for Stripe's. No card is asked for, and nothing is charged.</p>`
  return pageAnswer(
    { title: 'Checkout', status: problem === null ? 200 : 402, leadsTo: [success_url, cancel_url] },
    content,
  )
}

function payForm({ customer, customer_email, cancel_url }: CheckoutSession, total: string) {
  const known = customer !== null || customer_email !== null
  return html`<form method="post" class="card">
    ${known ? null : html`<label for="email">E-mail address</label><input id="email" name="email" type="email" autocomplete="email" placeholder="somebody@example.com" />`}
    <button class="main" name="card" value="ok">Pay ${total}</button>
    <button class="bad" name="card" value="declines">Pay with a card that declines</button>
    ${cancel_url === null ? null : html`<a class="button" href="${cancel_url}">Go back</a>`}
  </form>`
}

/** Where somebody goes who has paid, as a header can hold it. */
export function leadTo({ success_url: url, id }: CheckoutSession): string {
  const address = (url ?? '').replaceAll('{CHECKOUT_SESSION_ID}', id)
  return URL.canParse(address) ? new URL(address).href : '/sandbox'
}
