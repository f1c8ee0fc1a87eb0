import { isDeepStrictEqual } from 'node:util'
import { render } from '../core/render.ts'
import type { World } from '../core/world.ts'
import type { JsonObject, StoredEvent, Subject } from '../core/wire.ts'

/** The event with its object as it was then, in the shape of the version. */
export function renderEvent(world: World, event: StoredEvent, version: string): JsonObject {
  const object = shown(event.subject, version, world.url())
  return {
    id: event.id,
    object: 'event',
    api_version: version,
    created: event.created,
    data: { object, ...previous(event, object, version, world.url()) },
    livemode: false,
    pending_webhooks: pending(world, event.id),
    request: event.request,
    type: event.type,
  }
}

export function pending(world: World, event: string): number {
  return world.store.all('delivery').filter((delivery) => delivery.event === event && delivery.state === 'waiting')
    .length
}

/** A deleted customer is sent whole, as it was. */
function shown(subject: Subject, version: string, baseUrl: string): JsonObject {
  const object =
    subject.object === 'customer' ? { ...subject, sandbox: { ...subject.sandbox, deleted: false } } : subject
  return render(object, version, baseUrl)
}

/** What an update changed, with the old values. */
function previous(
  { before }: StoredEvent,
  after: JsonObject,
  version: string,
  baseUrl: string,
): { previous_attributes?: JsonObject } {
  if (before === null) return {}
  const old = shown(before, version, baseUrl)
  const names = new Set([...Object.keys(old), ...Object.keys(after)])
  const changed = [...names].filter((name) => !isDeepStrictEqual(old[name], after[name]))
  return { previous_attributes: Object.fromEntries(changed.map((name) => [name, old[name] ?? null])) }
}
