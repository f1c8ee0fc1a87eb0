import { newestFirst, paging } from '../core/page.ts'
import { expand, range, shape, text, within } from '../core/params.ts'
import { objectOf } from '../core/world.ts'
import { show, showList, type Route } from './route.ts'

const listed = shape({ ...paging, created: range, customer: text() })
const listedCharges = shape({ ...paging, created: range, customer: text(), payment_intent: text() })
const nothing = shape(expand)

/** Payments are made by checkouts and invoices; here they are read. */
export const payments: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/payment_intents',
    run(call) {
      const { created, customer, ...given } = listed(call.params)
      const all = call.world.store
        .all('payment_intent')
        .filter((each) => within(each.created, created) && (customer === undefined || each.customer === customer))
      return showList(call, newestFirst(all, given, '/v1/payment_intents'))
    },
  },
  {
    method: 'GET',
    path: '/v1/payment_intents/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'payment_intent', call.id))
    },
  },
  {
    method: 'GET',
    path: '/v1/charges',
    run(call) {
      const { created, customer, payment_intent: intent, ...given } = listedCharges(call.params)
      const all = call.world.store
        .all('charge')
        .filter(
          (each) =>
            within(each.created, created) &&
            (customer === undefined || each.customer === customer) &&
            (intent === undefined || each.payment_intent === intent),
        )
      return showList(call, newestFirst(all, given, '/v1/charges'))
    },
  },
  {
    method: 'GET',
    path: '/v1/charges/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'charge', call.id))
    },
  },
]
