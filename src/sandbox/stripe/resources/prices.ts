import { refused } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import {
  amount,
  boolean,
  changedMetadata,
  currency,
  expand,
  integer,
  list,
  metadata,
  nested,
  oneOf,
  range,
  shape,
  text,
  within,
  type MetadataChange,
} from '../core/params.ts'
import { search } from '../core/search.ts'
import { objectOf, type World } from '../core/world.ts'
import type { Price, Product } from '../core/wire.ts'
import { PRICE_BLANK, PRODUCT_BLANK } from '../billing/blank.ts'
import { change, make } from '../events/emit.ts'
import { show, showList, type Route } from './route.ts'

const interval = oneOf('day', 'week', 'month', 'year')
export const recurring = nested(
  { interval, interval_count: integer({ min: 1, max: 1_095 }), usage_type: oneOf('licensed') },
  ['interval'],
)
const taxBehavior = oneOf('exclusive', 'inclusive', 'unspecified')
export const productData = nested({ name: text(), metadata, description: text(), active: boolean }, ['name'])
const changeable = {
  ...expand,
  active: boolean,
  lookup_key: text(200),
  metadata,
  nickname: text(),
  tax_behavior: taxBehavior,
  transfer_lookup_key: boolean,
}
const created = shape(
  {
    ...changeable,
    billing_scheme: oneOf('per_unit'),
    currency,
    product: text(),
    product_data: productData,
    recurring,
    unit_amount: amount(),
  },
  ['currency', 'unit_amount'],
)
const updated = shape(changeable)
const listed = shape({
  ...paging,
  active: boolean,
  created: range,
  currency,
  lookup_keys: list(text(), { max: 10 }),
  product: text(),
  recurring: nested({ interval }),
  type: oneOf('one_time', 'recurring'),
})
const found = shape({ ...expand, query: text(), limit: paging.limit, page: text() }, ['query'])
const nothing = shape(expand)

export const prices: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/prices',
    run(call) {
      const { world } = call
      const given = created(call.params)
      const product = productOf(world, given)
      takeLookupKey(world, given.lookup_key, given.transfer_lookup_key)
      const price = newPrice(world, { ...given, product: product.id, metadata: changedMetadata({}, given.metadata) })
      const { active = true, lookup_key = null, nickname = null, tax_behavior = 'unspecified' } = given
      return show(call, make<Price>(world, 'price.created', { ...price, active, lookup_key, nickname, tax_behavior }))
    },
  },
  {
    method: 'GET',
    path: '/v1/prices',
    run(call) {
      const {
        active,
        created: at,
        currency: of,
        lookup_keys: keys,
        product,
        recurring: every,
        type,
        ...given
      } = listed(call.params)
      const all = call.world.store
        .all('price')
        .filter(
          (price) =>
            (active === undefined || price.active === active) &&
            within(price.created, at) &&
            (of === undefined || price.currency === of) &&
            (keys === undefined || keys.includes(price.lookup_key ?? '')) &&
            (product === undefined || price.product === product) &&
            (every?.interval === undefined || price.recurring?.interval === every.interval) &&
            (type === undefined || price.type === type),
        )
      return showList(call, newestFirst(all, given, '/v1/prices'))
    },
  },
  {
    method: 'GET',
    path: '/v1/prices/search',
    run: (call) => search(call, call.world.store.all('price'), found(call.params), '/v1/prices/search'),
  },
  {
    method: 'GET',
    path: '/v1/prices/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'price', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/prices/:id',
    run(call) {
      const { world } = call
      const before = objectOf(world, 'price', call.id)
      const { expand: _, metadata: meta, transfer_lookup_key: transfer, ...given } = updated(call.params)
      if (given.lookup_key !== before.lookup_key) takeLookupKey(world, given.lookup_key, transfer)
      const after = { ...before, ...given, metadata: changedMetadata(before.metadata, meta) }
      return show(call, change<Price>(world, 'price.updated', before, after))
    },
  },
]

interface NewPrice {
  readonly currency: string
  readonly unit_amount: number
  readonly product: string
  readonly recurring?: { readonly interval: 'day' | 'week' | 'month' | 'year'; readonly interval_count?: number }
  readonly metadata: Record<string, string>
}

export function newPrice(world: World, given: NewPrice): Price {
  const { recurring: every } = given
  return {
    ...PRICE_BLANK,
    id: newId('price'),
    created: world.seconds(),
    currency: given.currency,
    metadata: given.metadata,
    product: given.product,
    recurring:
      every === undefined
        ? null
        : {
            interval: every.interval,
            interval_count: every.interval_count ?? 1,
            meter: null,
            trial_period_days: null,
            usage_type: 'licensed',
          },
    type: every === undefined ? 'one_time' : 'recurring',
    unit_amount: given.unit_amount,
    unit_amount_decimal: String(given.unit_amount),
  }
}

interface ProductChoice {
  readonly product?: string
  readonly product_data?: {
    readonly name: string
    readonly metadata?: MetadataChange
    readonly description?: string
    readonly active?: boolean
  }
}

/** The named product, or a new one of the data given in its place. */
export function productOf(world: World, { product, product_data: data }: ProductChoice, name = 'product'): Product {
  if ((product === undefined) === (data === undefined)) {
    throw refused('You must specify either `product` or `product_data` when creating a price.', {
      code: 'parameter_missing',
      param: name,
    })
  }
  if (product !== undefined) return objectOf(world, 'product', product, name)
  const now = world.seconds()
  const { metadata: meta, ...given } = data ?? { name: '' }
  const made = {
    ...PRODUCT_BLANK,
    ...given,
    id: newId('product'),
    created: now,
    updated: now,
    metadata: changedMetadata({}, meta),
  }
  return make<Product>(world, 'product.created', made)
}

function takeLookupKey(world: World, key: string | undefined, transfer: boolean | undefined): void {
  const holder = key === undefined ? undefined : world.store.all('price').find(({ lookup_key }) => lookup_key === key)
  if (holder === undefined) return
  if (transfer !== true) {
    throw refused(
      `A price (\`${holder.id}\`) already uses that lookup key. You may transfer the lookup key from this price by setting \`transfer_lookup_key: true\`.`,
      { param: 'lookup_key' },
    )
  }
  change<Price>(world, 'price.updated', holder, { ...holder, lookup_key: null })
}
