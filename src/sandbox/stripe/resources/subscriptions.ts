import { missingResource, refused } from '../core/failure.ts'
import { newestFirst, paging } from '../core/page.ts'
import {
  boolean,
  changedMetadata,
  emptyable,
  expand,
  integer,
  list,
  metadata,
  nested,
  oneOf,
  range,
  shape,
  text,
  timestamp,
  within,
  type Field,
} from '../core/params.ts'
import { search } from '../core/search.ts'
import { customerOf, objectOf } from '../core/world.ts'
import type { Subscription } from '../core/wire.ts'
import { cancelNow } from '../billing/cancel.ts'
import { startSubscription } from '../billing/start.ts'
import { trialEndOf } from '../billing/trial.ts'
import { show, showList, type Call, type Route } from './route.ts'
import { cancellation, updateSubscription, wantedPrice } from './update-subscription.ts'

const quantity = integer({ min: 0, max: 999_999 })
const moment: Field<number | 'now'> = (raw, name) => (raw === 'now' ? 'now' : timestamp(raw, name))
const item = { price: text(), quantity, metadata }
const details = nested({ comment: emptyable(text()), feedback: emptyable(text()) })
const proration = oneOf('create_prorations', 'always_invoice', 'none')
const created = shape(
  {
    ...expand,
    cancel_at_period_end: boolean,
    collection_method: oneOf('charge_automatically'),
    customer: text(),
    description: text(500),
    items: list(nested(item, ['price']), { max: 20 }),
    metadata,
    off_session: boolean,
    payment_behavior: oneOf('allow_incomplete', 'error_if_incomplete', 'default_incomplete'),
    proration_behavior: proration,
    trial_end: moment,
    trial_period_days: integer({ min: 1, max: 730 }),
  },
  ['customer', 'items'],
)
const updated = shape({
  ...expand,
  billing_cycle_anchor: oneOf('now', 'unchanged'),
  cancel_at: emptyable(timestamp),
  cancel_at_period_end: boolean,
  cancellation_details: details,
  description: emptyable(text(500)),
  items: list(nested({ ...item, id: text(), deleted: boolean }), { max: 20 }),
  metadata,
  off_session: boolean,
  payment_behavior: oneOf('allow_incomplete', 'error_if_incomplete'),
  proration_behavior: proration,
  trial_end: oneOf('now'),
})
const canceled = shape({
  ...expand,
  cancellation_details: details,
  invoice_now: oneOf('false'),
  prorate: oneOf('false'),
})
const listed = shape({
  ...paging,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  created: range,
  current_period_end: range,
  current_period_start: range,
  customer: text(),
  price: text(),
  status: text(),
})
const STATUSES = [
  'all',
  'ended',
  'active',
  'canceled',
  'incomplete',
  'incomplete_expired',
  'past_due',
  'paused',
  'trialing',
  'unpaid',
]
const found = shape({ ...expand, query: text(), limit: paging.limit, page: text() }, ['query'])
const nothing = shape(expand)

export const subscriptions: readonly Route[] = [
  { method: 'POST', path: '/v1/subscriptions', run: create },
  { method: 'GET', path: '/v1/subscriptions', run: listAll },
  {
    method: 'GET',
    path: '/v1/subscriptions/search',
    run: (call) => search(call, call.world.store.all('subscription'), found(call.params), '/v1/subscriptions/search'),
  },
  {
    method: 'GET',
    path: '/v1/subscriptions/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'subscription', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/subscriptions/:id',
    run(call) {
      const before = objectOf(call.world, 'subscription', call.id)
      return show(call, updateSubscription(call.world, before, updated(call.params)))
    },
  },
  {
    method: 'DELETE',
    path: '/v1/subscriptions/:id',
    run(call) {
      const { world, id } = call
      const { cancellation_details: given } = canceled(call.params)
      const subscription = objectOf(world, 'subscription', id)
      if (ENDED.has(subscription.status)) throw missingResource('subscription', id)
      const noted: Subscription = { ...subscription, cancellation_details: cancellation(subscription, given) }
      return show(call, cancelNow(world, noted, 'cancellation_requested'))
    },
  },
]

const ENDED = new Set<string>(['canceled', 'incomplete_expired'])

function create(call: Call) {
  const { world } = call
  const given = created(call.params)
  const customer = customerOf(world, given.customer, 'customer')
  const items = given.items.map(({ price, quantity: count = 1, metadata: meta }, i) => ({
    price: wantedPrice(world, price, `items[${i}][price]`),
    quantity: count,
    metadata: changedMetadata({}, meta),
  }))
  if (given.trial_end !== undefined && given.trial_period_days !== undefined) {
    throw refused('You cannot set both `trial_end` and `trial_period_days`.', {
      code: 'parameters_exclusive',
      param: 'trial_end',
    })
  }
  const subscription = startSubscription(world, {
    customer,
    items,
    once: [],
    metadata: changedMetadata({}, given.metadata),
    description: given.description ?? null,
    trialEnd: trialEndOf(world.seconds(), given.trial_end, given.trial_period_days),
    cancelAtPeriodEnd: given.cancel_at_period_end ?? false,
    behavior: given.payment_behavior ?? 'allow_incomplete',
  })
  return show(call, subscription)
}

function listAll(call: Call) {
  const given = listed(call.params)
  const { status } = given
  if (status !== undefined && !STATUSES.includes(status)) {
    throw refused(`Invalid status: must be one of ${STATUSES.join(', ')}`, { param: 'status' })
  }
  const all = call.world.store.all('subscription').filter((subscription) => {
    const [first] = subscription.items.data
    return (
      hasStatus(subscription, status) &&
      within(subscription.created, given.created) &&
      within(first?.current_period_end ?? 0, given.current_period_end) &&
      within(first?.current_period_start ?? 0, given.current_period_start) &&
      (given.collection_method === undefined || subscription.collection_method === given.collection_method) &&
      (given.customer === undefined || subscription.customer === given.customer) &&
      (given.price === undefined || subscription.items.data.some(({ price }) => price.id === given.price))
    )
  })
  return showList(call, newestFirst(all, given, '/v1/subscriptions'))
}

/** Without a status, Stripe leaves out those that ended. */
function hasStatus(subscription: Subscription, status: string | undefined): boolean {
  if (status === 'all') return true
  if (status === 'ended') return ENDED.has(subscription.status)
  return status === undefined ? subscription.status !== 'canceled' : subscription.status === status
}
