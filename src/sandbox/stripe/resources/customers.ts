import { missingResource } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import {
  changedMetadata,
  email,
  emptyable,
  expand,
  metadata,
  nested,
  oneOf,
  range,
  shape,
  text,
  within,
  list,
} from '../core/params.ts'
import { search } from '../core/search.ts'
import { customerOf, objectOf } from '../core/world.ts'
import type { Customer } from '../core/wire.ts'
import { CUSTOMER_BLANK } from '../billing/blank.ts'
import { cancelNow } from '../billing/cancel.ts'
import { change, emit, make } from '../events/emit.ts'
import { show, showList, type Route } from './route.ts'

const line = emptyable(text())
const address = emptyable(
  nested({ city: line, country: line, line1: line, line2: line, postal_code: line, state: line }),
)
const fields = {
  ...expand,
  address,
  description: line,
  email: emptyable(email),
  metadata,
  name: line,
  phone: line,
  preferred_locales: list(text()),
  tax_exempt: oneOf('none', 'exempt', 'reverse'),
}
const write = shape(fields)
const listed = shape({ ...paging, created: range, email: text() })
const found = shape({ ...expand, query: text(), limit: paging.limit, page: text() }, ['query'])
const nothing = shape(expand)

export const customers: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/customers',
    run(call) {
      const { world } = call
      const given = write(call.params)
      const blank: Customer = {
        ...CUSTOMER_BLANK,
        id: newId('customer'),
        created: world.seconds(),
        description: null,
        email: null,
        invoice_prefix: newId('request').slice(4, 12).toUpperCase(),
        metadata: {},
        sandbox: { card: 'ok', deleted: false },
      }
      return show(call, make<Customer>(world, 'customer.created', written(blank, given)))
    },
  },
  {
    method: 'GET',
    path: '/v1/customers',
    run(call) {
      const { created, email: of, ...given } = listed(call.params)
      const all = call.world.store
        .all('customer')
        .filter(
          (each) => !each.sandbox.deleted && within(each.created, created) && (of === undefined || each.email === of),
        )
      return showList(call, newestFirst(all, given, '/v1/customers'))
    },
  },
  {
    method: 'GET',
    path: '/v1/customers/search',
    run(call) {
      const all = call.world.store.all('customer').filter(({ sandbox }) => !sandbox.deleted)
      return search(call, all, found(call.params), '/v1/customers/search')
    },
  },
  {
    method: 'GET',
    path: '/v1/customers/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'customer', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/customers/:id',
    run(call) {
      const before = customerOf(call.world, call.id)
      return show(call, change(call.world, 'customer.updated', before, written(before, write(call.params))))
    },
  },
  {
    method: 'DELETE',
    path: '/v1/customers/:id',
    run(call) {
      const { world, id } = call
      nothing(call.params)
      const customer = world.store.get('customer', id)
      if (customer === undefined || customer.sandbox.deleted) throw missingResource('customer', id)
      for (const subscription of world.store.all('subscription')) {
        if (subscription.customer !== id || ['canceled', 'incomplete_expired'].includes(subscription.status)) continue
        cancelNow(world, subscription, 'cancellation_requested')
      }
      const deleted = world.store.put<Customer>({ ...customer, sandbox: { ...customer.sandbox, deleted: true } })
      return show(call, emit(world, 'customer.deleted', deleted))
    },
  },
]

function written(customer: Customer, given: ReturnType<typeof write>): Customer {
  const { expand: _, metadata: meta, address: at, ...rest } = given
  return {
    ...customer,
    ...rest,
    ...(at === undefined ? {} : { address: at === null ? null : { ...NO_ADDRESS, ...at } }),
    metadata: changedMetadata(customer.metadata, meta),
  }
}

const NO_ADDRESS = { city: null, country: null, line1: null, line2: null, postal_code: null, state: null }
