import { badParam } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { newestFirst, paging } from '../core/page.ts'
import {
  boolean,
  changedMetadata,
  emptyable,
  expand,
  list,
  metadata,
  shape,
  text,
  url,
  type Field,
} from '../core/params.ts'
import { isVersion } from '../core/version.ts'
import { objectOf } from '../core/world.ts'
import type { WebhookEndpoint } from '../core/wire.ts'
import { checkLoopback } from '../events/loopback.ts'
import { show, showList, type Route } from './route.ts'

const MOST = 16

const enabledEvents: Field<string[]> = (raw, name) => {
  const types = list(text(100), { max: 500 })(raw, name)
  for (const type of types) {
    if (type !== '*' && !/^[a-z0-9_]+(?:\.[a-z0-9_]+)+$/.test(type)) throw badParam(name, `Invalid event type: ${type}`)
  }
  if (types.length === 0) throw badParam(name, `You must enable at least one event.`)
  return types
}
const ownUrl: Field<string> = (raw, name) => checkLoopback(url(raw, name), name)
const version: Field<string> = (raw, name) => {
  const value = text()(raw, name)
  if (!isVersion(value)) throw badParam(name, `Invalid API version: ${value.slice(0, 50)}`)
  return value
}
const fields = { ...expand, description: emptyable(text()), enabled_events: enabledEvents, metadata, url: ownUrl }
const created = shape({ ...fields, api_version: version }, ['enabled_events', 'url'])
const updated = shape({ ...fields, disabled: boolean })
const listed = shape(paging)
const nothing = shape(expand)

export const webhookEndpoints: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/webhook_endpoints',
    run(call) {
      const { world } = call
      const given = created(call.params)
      if (world.store.all('webhook_endpoint').length >= MOST) {
        throw badParam('url', `You have reached the maximum of ${MOST} test webhook endpoints.`)
      }
      const made = world.store.put<WebhookEndpoint>({
        object: 'webhook_endpoint',
        id: newId('webhook_endpoint'),
        api_version: given.api_version ?? null,
        application: null,
        created: world.seconds(),
        description: given.description ?? null,
        enabled_events: given.enabled_events,
        livemode: false,
        metadata: changedMetadata({}, given.metadata),
        secret: newId('webhook_secret'),
        status: 'enabled',
        url: given.url,
      })
      return { ...show(call, made), secret: made.secret }
    },
  },
  {
    method: 'GET',
    path: '/v1/webhook_endpoints',
    run: (call) =>
      showList(
        call,
        newestFirst(call.world.store.all('webhook_endpoint'), listed(call.params), '/v1/webhook_endpoints'),
      ),
  },
  {
    method: 'GET',
    path: '/v1/webhook_endpoints/:id',
    run(call) {
      nothing(call.params)
      return show(call, objectOf(call.world, 'webhook_endpoint', call.id))
    },
  },
  {
    method: 'POST',
    path: '/v1/webhook_endpoints/:id',
    run(call) {
      const before = objectOf(call.world, 'webhook_endpoint', call.id)
      const { expand: _, metadata: meta, disabled, ...given } = updated(call.params)
      const status = disabled === undefined ? before.status : disabled ? 'disabled' : 'enabled'
      const after = { ...before, ...given, status, metadata: changedMetadata(before.metadata, meta) }
      return show(call, call.world.store.put<WebhookEndpoint>(after))
    },
  },
  {
    method: 'DELETE',
    path: '/v1/webhook_endpoints/:id',
    run({ world, id, params }) {
      nothing(params)
      objectOf(world, 'webhook_endpoint', id)
      world.store.remove('webhook_endpoint', id)
      return { id, object: 'webhook_endpoint', deleted: true }
    },
  },
]
