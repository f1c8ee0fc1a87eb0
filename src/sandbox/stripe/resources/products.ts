import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import {
  boolean,
  changedMetadata,
  emptyable,
  expand,
  list,
  metadata,
  range,
  shape,
  text,
  url,
  within,
} from '../core/params.ts'
import { search } from '../core/search.ts'
import { objectOf } from '../core/world.ts'
import type { Product } from '../core/wire.ts'
import { PRODUCT_BLANK } from '../billing/blank.ts'
import { change, emit, make } from '../events/emit.ts'
import { show, showList, type Route } from './route.ts'

const fields = {
  ...expand,
  active: boolean,
  description: emptyable(text()),
  images: list(url, { max: 8 }),
  metadata,
  name: text(),
  statement_descriptor: text(22),
  unit_label: emptyable(text(12)),
  url: emptyable(url),
}
const created = shape({ ...fields, id: text(255) }, ['name'])
const updated = shape({ ...fields, default_price: text() })
const listed = shape({ ...paging, active: boolean, created: range, ids: list(text()) })
const found = shape({ ...expand, query: text(), limit: paging.limit, page: text() }, ['query'])
const nothing = shape(expand)

export const products: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/products',
    run(call) {
      const { expand: _, metadata: meta, id = newId('product'), ...given } = created(call.params)
      const { world } = call
      if (world.store.get('product', id) !== undefined) {
        throw refused(`Product already exists.`, { code: 'resource_already_exists', param: 'id' })
      }
      const now = world.seconds()
      const product = {
        ...PRODUCT_BLANK,
        ...given,
        id,
        created: now,
        updated: now,
        metadata: changedMetadata({}, meta),
      }
      return show(call, make<Product>(world, 'product.created', product))
    },
  },
  {
    method: 'GET',
    path: '/v1/products',
    run(call) {
      const { active, created: at, ids, ...given } = listed(call.params)
      const all = call.world.store
        .all('product')
        .filter(
          (each) =>
            (active === undefined || each.active === active) &&
            within(each.created, at) &&
            (ids?.includes(each.id) ?? true),
        )
      return showList(call, newestFirst(all, given, '/v1/products'))
    },
  },
  {
    method: 'GET',
    path: '/v1/products/search',
    run: (call) => search(call, call.world.store.all('product'), found(call.params), '/v1/products/search'),
  },
  {
    method: 'GET',
    path: '/v1/products/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'product', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/products/:id',
    run(call) {
      const { world } = call
      const before = objectOf(world, 'product', call.id)
      const { expand: _, metadata: meta, ...given } = updated(call.params)
      if (given.default_price !== undefined) objectOf(world, 'price', given.default_price, 'default_price')
      const after = { ...before, ...given, updated: world.seconds(), metadata: changedMetadata(before.metadata, meta) }
      return show(call, change<Product>(world, 'product.updated', before, after))
    },
  },
  {
    method: 'DELETE',
    path: '/v1/products/:id',
    run(call) {
      const { world, id } = call
      nothing(call.params)
      const product = objectOf(world, 'product', id)
      if (world.store.all('price').some((price) => price.product === id)) {
        throw refused('This product cannot be deleted because it has one or more user-created prices.', { param: 'id' })
      }
      world.store.remove('product', id)
      emit(world, 'product.deleted', product)
      return { id, object: 'product', deleted: true }
    },
  },
]
