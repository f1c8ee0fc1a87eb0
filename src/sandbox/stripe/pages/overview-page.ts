import { periodOf } from '../billing/items.ts'
import { shownPrice } from '../billing/money.ts'
import type { Answer } from '../http/answer.ts'
import type { World } from '../core/world.ts'
import type { Delivery } from '../core/wire.ts'
import { day, html, minute, pageAnswer, type Html } from './html.ts'

const MOST_ROWS = 50
const STATUS_COLOURS: Readonly<Record<string, string>> = {
  active: 'good',
  trialing: 'good',
  past_due: 'warn',
  unpaid: 'bad',
  canceled: 'bad',
}

/** All that the sandbox knows, at a glance. */
export function overviewPage(world: World): Answer {
  const content = html` <h1>Overview</h1>
    ${clockCard(world)} ${subscriptionsCard(world)} ${customersCard(world)} ${eventsCard(world)} ${endpointsCard(world)}`
  return pageAnswer({ title: 'Overview', wide: true }, content)
}

function clockCard(world: World): Html {
  const ahead = world.store.settings.offsetSeconds
  const faults = Object.entries(world.faults.now()).filter(
    ([name, value]) => name !== 'seed' && value !== 0 && value !== null,
  )
  return html`<section class="card">
    <dl class="facts">
      <div>
        <dt>Clock</dt>
        <dd>${minute(world.seconds())}</dd>
      </div>
      <div>
        <dt>Ahead of the real one</dt>
        <dd>${ahead === 0 ? 'not' : `${(ahead / 86_400).toFixed(1)} days`}</dd>
      </div>
      <div>
        <dt>After the last retry</dt>
        <dd>${world.store.settings.afterRetries.replaceAll('_', ' ')}</dd>
      </div>
      <div>
        <dt>Faults</dt>
        <dd class="${faults.length === 0 ? '' : 'warn'}">
          ${faults.length === 0 ? 'none' : faults.map(([name, value]) => `${name} ${String(value)}`).join(', ')}
        </dd>
      </div>
    </dl>
    <form method="post" action="/sandbox">
      <div class="row">
        <button name="seconds" value="3600">An hour later</button
        ><button name="seconds" value="86400">A day later</button
        ><button name="seconds" value="604800">A week later</button
        ><button name="seconds" value="2678400">31 days later</button>
      </div>
    </form>
  </section>`
}

function subscriptionsCard(world: World): Html {
  const all = world.store.all('subscription')
  const rows = newest(all).map((each) => {
    const [first] = each.items.data
    return html`<tr>
      <td><code>${each.id}</code></td>
      <td class="${STATUS_COLOURS[each.status] ?? ''}">
        ${each.status.replaceAll('_', ' ')}${each.cancel_at_period_end ? ', ends' : ''}
      </td>
      <td>${first === undefined ? '' : `${first.quantity} × ${shownPrice(first.price)}`}</td>
      <td>${day(periodOf(each).end)}</td>
      <td><code>${each.customer}</code></td>
    </tr>`
  })
  return table('Subscriptions', all.length, ['Id', 'Status', 'Price', 'Period ends', 'Customer'], rows)
}

function customersCard(world: World): Html {
  const all = world.store.all('customer')
  const rows = newest(all).map(
    ({ id, email, name, sandbox: { card, deleted } }) =>
      html`<tr>
        <td><code>${id}</code></td>
        <td class="long">${name ?? ''} ${email ?? ''}</td>
        <td class="${deleted || card === 'declines' ? 'bad' : 'good'}">${deleted ? 'deleted' : card}</td>
      </tr>`,
  )
  return table('Customers', all.length, ['Id', 'Who', 'Card'], rows)
}

function eventsCard(world: World): Html {
  const all = world.store.all('event')
  const deliveries = Map.groupBy(world.store.all('delivery'), ({ event }) => event)
  const rows = newest(all).map(
    ({ id, created, type, subject }) =>
      html`<tr>
        <td>${minute(created)}</td>
        <td>${type}</td>
        <td><code>${subject.id}</code></td>
        <td>${state(deliveries.get(id) ?? [])}</td>
        <td><code>${id}</code></td>
      </tr>`,
  )
  return table('Events', all.length, ['When', 'Type', 'Of', 'Deliveries', 'Id'], rows)
}

function state(deliveries: readonly Delivery[]): Html {
  if (deliveries.length === 0) return html`<span class="dim">to nobody</span>`
  const colour = { waiting: 'warn', delivered: 'good', failed: 'bad', dropped: 'bad' }
  return html`${deliveries.map(
    ({ state: now, attempts, answer }) =>
      html`<span class="${colour[now]}"
        >${now}${attempts > 1 || now !== 'delivered' ? `, ${attempts} ${attempts === 1 ? 'try' : 'tries'}` : ''}${answer === null ? '' : ` (${answer})`}</span
      > `,
  )}`
}

function endpointsCard(world: World): Html {
  const all = world.store.all('webhook_endpoint')
  const rows = newest(all).map(
    ({ id, url, status, enabled_events: events, api_version: version }) =>
      html`<tr>
        <td><code>${id}</code></td>
        <td class="long">${url}</td>
        <td class="${status === 'enabled' ? 'good' : 'bad'}">${status}</td>
        <td>${version ?? 'default'}</td>
        <td class="long">${events.join(', ')}</td>
      </tr>`,
  )
  return table('Webhook endpoints', all.length, ['Id', 'URL', 'Status', 'Version', 'Events'], rows)
}

function table(title: string, count: number, heads: readonly string[], rows: readonly Html[]): Html {
  return html`<section class="card">
    <h2>${title} <span class="dim">${count > MOST_ROWS ? `${MOST_ROWS} newest of ${count}` : count}</span></h2>
    ${
      rows.length === 0
        ? html`<p class="dim">None yet.</p>`
        : html`<div class="scroll" tabindex="0" role="region" aria-label="${title}">
            <table class="list">
              <thead>
                <tr>
                  ${heads.map((head) => html`<th scope="col">${head}</th>`)}
                </tr>
              </thead>
              <tbody>
                ${rows}
              </tbody>
            </table>
          </div>`
    }
  </section>`
}

function newest<T>(all: readonly T[]): T[] {
  return all.slice(-MOST_ROWS).toReversed()
}
