import { refused } from '../core/failure.ts'
import { newestFirst, page, paging } from '../core/page.ts'
import { boolean, expand, nested, oneOf, range, shape, text, within } from '../core/params.ts'
import { renderLine } from '../core/render.ts'
import { objectOf } from '../core/world.ts'
import { collect, markPaid, voidInvoice } from '../billing/invoices.ts'
import { cardDeclined } from '../billing/pay.ts'
import { catchUp, noteFailure } from '../billing/retries.ts'
import { show, showList, type Call, type Route } from './route.ts'

const status = oneOf('draft', 'open', 'paid', 'uncollectible', 'void')
const listed = shape({
  ...paging,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  created: range,
  customer: text(),
  status,
  subscription: text(),
})
const paid = shape({ ...expand, off_session: boolean, paid_out_of_band: boolean })
const payments = shape({
  ...paging,
  created: range,
  invoice: text(),
  payment: nested({ type: oneOf('payment_intent'), payment_intent: text() }),
  status: oneOf('open', 'paid', 'canceled'),
})
const nothing = shape(expand)
const pagedLines = shape(paging)

export const invoices: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/invoices',
    run(call) {
      const { created, customer, status: wanted, subscription, collection_method: by, ...given } = listed(call.params)
      const all = call.world.store
        .all('invoice')
        .filter(
          (invoice) =>
            within(invoice.created, created) &&
            (customer === undefined || invoice.customer === customer) &&
            (wanted === undefined || invoice.status === wanted) &&
            (by === undefined || invoice.collection_method === by) &&
            (subscription === undefined || invoice.parent?.subscription_details?.subscription === subscription),
        )
      return showList(call, newestFirst(all, given, '/v1/invoices'))
    },
  },
  {
    method: 'GET',
    path: '/v1/invoices/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'invoice', call.id))
    },
  },
  {
    method: 'GET',
    path: '/v1/invoices/:id/lines',
    run({ world, id, params, version }) {
      const invoice = objectOf(world, 'invoice', id)
      const lines = page(invoice.lines.data, pagedLines(params), `/v1/invoices/${id}/lines`)
      return { ...lines, data: lines.data.map((line) => renderLine(line, version)) }
    },
  },
  { method: 'POST', path: '/v1/invoices/:id/pay', run: pay },
  {
    method: 'POST',
    path: '/v1/invoices/:id/void',
    run(call) {
      nothing(call.params)
      const invoice = objectOf(call.world, 'invoice', call.id)
      if (invoice.status !== 'open') throw refused("You can only pass in open invoices. This invoice isn't open.")
      return show(call, voidInvoice(call.world, invoice))
    },
  },
  {
    method: 'GET',
    path: '/v1/invoice_payments',
    run(call) {
      const { created, invoice, payment, status: wanted, ...given } = payments(call.params)
      const all = call.world.store
        .all('invoice_payment')
        .filter(
          (each) =>
            within(each.created, created) &&
            (invoice === undefined || each.invoice === invoice) &&
            (wanted === undefined || each.status === wanted) &&
            (payment?.payment_intent === undefined || each.payment.payment_intent === payment.payment_intent),
        )
      return showList(call, newestFirst(all, given, '/v1/invoice_payments'))
    },
  },
  {
    method: 'GET',
    path: '/v1/invoice_payments/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'invoice_payment', call.id))
    },
  },
]

function pay(call: Call) {
  const { world, id } = call
  const given = paid(call.params)
  const invoice = objectOf(world, 'invoice', id)
  if (invoice.status === 'paid') throw refused('Invoice is already paid')
  if (invoice.status !== 'open') throw refused(`Invoices with status ${invoice.status ?? 'none'} can not be paid.`)
  if (given.paid_out_of_band === true) {
    const settled = markPaid(world, invoice)
    catchUp(world, settled)
    return show(call, settled)
  }
  const card = world.store.get('customer', invoice.customer ?? '')?.sandbox.card ?? 'declines'
  const { invoice: after, charge } = collect(world, invoice, card)
  if (after.status === 'paid') {
    catchUp(world, after)
    return show(call, after)
  }
  noteFailure(world, after, after.next_payment_attempt)
  throw cardDeclined(charge === null ? null : { world, charge })
}
