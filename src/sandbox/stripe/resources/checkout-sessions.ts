import { refused } from '../core/failure.ts'
import { newestFirst, page, paging } from '../core/page.ts'
import {
  amount,
  currency,
  email,
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
  url,
  within,
} from '../core/params.ts'
import { objectOf } from '../core/world.ts'
import { expireSession } from '../billing/due.ts'
import { newSession } from './new-session.ts'
import { productData, recurring } from './prices.ts'
import { show, showList, type Route } from './route.ts'

const lineItem = nested({
  adjustable_quantity: nested({ enabled: oneOf('false') }, ['enabled']),
  price: text(),
  price_data: nested({ currency, product: text(), product_data: productData, recurring, unit_amount: amount() }, [
    'currency',
    'unit_amount',
  ]),
  quantity: integer({ min: 1, max: 999_999 }),
})
const created = shape({
  ...expand,
  allow_promotion_codes: oneOf('false'),
  automatic_tax: nested({ enabled: oneOf('false') }, ['enabled']),
  billing_address_collection: oneOf('auto', 'required'),
  cancel_url: url,
  client_reference_id: text(200),
  currency,
  customer: text(),
  customer_creation: oneOf('always', 'if_required'),
  customer_email: email,
  expires_at: timestamp,
  line_items: list(lineItem, { max: 100 }),
  locale: text(10),
  metadata,
  mode: oneOf('payment', 'subscription'),
  payment_intent_data: nested({ description: text(), metadata }),
  payment_method_collection: oneOf('always'),
  payment_method_types: list(oneOf('card')),
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  subscription_data: nested({
    description: text(500),
    metadata,
    trial_end: timestamp,
    trial_period_days: integer({ min: 1, max: 730 }),
  }),
  success_url: url,
  ui_mode: oneOf('hosted', 'hosted_page'),
})

const listed = shape({
  ...paging,
  created: range,
  customer: text(),
  customer_details: nested({ email: text() }, ['email']),
  payment_intent: text(),
  status: oneOf('complete', 'expired', 'open'),
  subscription: text(),
})
const nothing = shape(expand)
const pagedLines = shape(paging)

export const checkoutSessions: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/checkout/sessions',
    run: (call) => show(call, newSession(call.world, created(call.params))),
  },
  {
    method: 'GET',
    path: '/v1/checkout/sessions',
    run(call) {
      const {
        created: at,
        customer,
        customer_details: who,
        payment_intent: intent,
        status,
        subscription,
        ...given
      } = listed(call.params)
      const all = call.world.store
        .all('checkout.session')
        .filter(
          (each) =>
            within(each.created, at) &&
            (customer === undefined || each.customer === customer) &&
            (who === undefined || each.customer_details?.email === who.email) &&
            (intent === undefined || each.payment_intent === intent) &&
            (status === undefined || each.status === status) &&
            (subscription === undefined || each.subscription === subscription),
        )
      return showList(call, newestFirst(all, given, '/v1/checkout/sessions'))
    },
  },
  {
    method: 'GET',
    path: '/v1/checkout/sessions/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'checkout.session', call.id))
    },
  },
  {
    method: 'GET',
    path: '/v1/checkout/sessions/:id/line_items',
    run({ world, id, params }) {
      const { lines } = objectOf(world, 'checkout.session', id).sandbox
      return { ...page(lines, pagedLines(params), `/v1/checkout/sessions/${id}/line_items`) }
    },
  },
  {
    method: 'POST',
    path: '/v1/checkout/sessions/:id/expire',
    run(call) {
      nothing(call.params)
      const session = objectOf(call.world, 'checkout.session', call.id)
      if (session.status !== 'open') {
        throw refused(
          `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of \`${session.status ?? 'none'}\`.`,
        )
      }
      return show(call, expireSession(call.world, session))
    },
  },
]
