import { badParam } from './failure.ts'
import { render } from './render.ts'
import type { World } from './world.ts'
import type { JsonObject, Kind, List, Stored } from './wire.ts'

const DEEPEST = 4
/** Which collection an id belongs to, by its prefix. */
const PREFIXES: readonly (readonly [string, Exclude<Kind, 'event'>])[] = [
  ['cus_', 'customer'],
  ['prod_', 'product'],
  ['price_', 'price'],
  ['sub_', 'subscription'],
  ['in_', 'invoice'],
  ['pi_', 'payment_intent'],
  ['ch_', 'charge'],
  ['re_', 'refund'],
  ['du_', 'dispute'],
]

/** Puts objects in the place of the ids that `expand` names, in an answer that nobody else holds. */
export function expandAll(world: World, answer: JsonObject, paths: readonly string[], version: string): JsonObject {
  return paths.reduce((current, path) => {
    const segments = path.split('.')
    if (segments[0] === 'data' ? segments.length > DEEPEST + 1 : segments.length > DEEPEST) {
      throw badParam('expand', `You cannot expand more than ${DEEPEST} levels of a property. Property: ${path}`)
    }
    return expandAt(world, current, { segments, path, version })
  }, answer)
}

interface Wanted {
  readonly segments: readonly string[]
  readonly path: string
  readonly version: string
}

function expandAt(world: World, object: JsonObject, wanted: Wanted): JsonObject {
  const [name, ...rest] = wanted.segments
  if (name === undefined) return object
  const value = Object.hasOwn(object, name) ? object[name] : includable(world, object, name, wanted.version)
  if (value === undefined) throw notExpandable(wanted.path)
  const deeper = (inner: unknown): unknown => {
    const found = typeof inner === 'string' ? resolved(world, inner, wanted) : inner
    if (Array.isArray(found)) return found.map(deeper)
    return isObject(found) ? expandAt(world, found, { ...wanted, segments: rest }) : found
  }
  if (rest.length === 0 && isPlain(value)) throw notExpandable(wanted.path)
  return { ...object, [name]: deeper(value) }
}

function resolved(world: World, id: string, { path, version }: Wanted): JsonObject {
  const kind = PREFIXES.find(([prefix]) => id.startsWith(prefix))?.[1]
  const object = kind && world.store.get(kind, id)
  if (object === undefined) throw notExpandable(path)
  return rendered(world, object, version)
}

/** Lists that an object has only when they are asked for. */
function includable(world: World, object: JsonObject, name: string, version: string): unknown {
  const id = String(object['id'])
  const of = (data: readonly Exclude<Stored, { object: 'event' }>[], url: string): List<JsonObject> => ({
    object: 'list',
    data: data.map((each) => rendered(world, each, version)),
    has_more: false,
    url,
  })
  switch (`${String(object['object'])}.${name}`) {
    case 'checkout.session.line_items': {
      const data = world.store.get('checkout.session', id)?.sandbox.lines ?? []
      return { object: 'list', data, has_more: false, url: `/v1/checkout/sessions/${id}/line_items` }
    }
    case 'customer.subscriptions': {
      const owned = world.store
        .all('subscription')
        .filter(({ customer, status }) => customer === id && status !== 'canceled')
      return of(owned.toReversed(), `/v1/customers/${id}/subscriptions`)
    }
    case 'charge.refunds':
      return of(
        world.store
          .all('refund')
          .filter(({ charge }) => charge === id)
          .toReversed(),
        `/v1/charges/${id}/refunds`,
      )
    case 'invoice.payments':
      return of(
        world.store.all('invoice_payment').filter(({ invoice }) => invoice === id),
        '/v1/invoice_payments',
      )
    default:
      return undefined
  }
}

function rendered(world: World, object: Exclude<Stored, { object: 'event' }>, version: string): JsonObject {
  return render(object, version, world.url())
}

const notExpandable = (path: string) => badParam('expand', `This property cannot be expanded (${path}).`)

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null

const isPlain = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'
