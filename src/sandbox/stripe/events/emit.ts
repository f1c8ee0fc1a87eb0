import { newId } from '../core/ids.ts'
import type { World } from '../core/world.ts'
import type { Delivery, StoredEvent, Subject, WebhookEndpoint } from '../core/wire.ts'

/** Deliveries held back to let others overtake them wait so long at most. */
const HELD_MS = 400

/** Notes that something happened, and who is to hear of it. */
export function emit<T extends Subject>(world: World, type: string, subject: T, before: T | null = null): T {
  const event: StoredEvent = {
    object: 'event',
    id: newId('event'),
    created: world.seconds(),
    type,
    subject,
    before,
    request: world.request,
  }
  world.store.put(event)
  const dropped = happens(world, 'drop')
  for (const endpoint of world.store.all('webhook_endpoint')) {
    if (!hears(endpoint, type)) continue
    const delivery = deliver(world, event, endpoint)
    if (dropped) world.store.put<Delivery>({ ...delivery, state: 'dropped', answer: 'dropped by a fault' })
    else if (happens(world, 'duplicate')) deliver(world, event, endpoint)
  }
  return subject
}

/** Stores the object and tells of its change. */
export function change<T extends Subject>(world: World, type: string, before: T, after: T): T {
  return emit(world, type, world.store.put(after), before)
}

export function make<T extends Subject>(world: World, type: string, object: T): T {
  return emit(world, type, world.store.put(object))
}

export function deliver(world: World, event: StoredEvent, endpoint: WebhookEndpoint): Delivery {
  const { delayMs } = world.faults.now()
  const held = happens(world, 'reorder') ? world.faults.draw('reorder')() * HELD_MS : 0
  return world.store.put({
    object: 'delivery',
    id: newId('delivery'),
    event: event.id,
    endpoint: endpoint.id,
    attempts: 0,
    nextAtMs: world.realMs() + Math.round(held + world.faults.draw('delayMs')() * delayMs),
    state: 'waiting',
    answer: null,
  })
}

export function happens(
  world: World,
  fault: 'duplicate' | 'reorder' | 'lose' | 'drop' | 'rateLimit' | 'error500' | 'error500After',
): boolean {
  const probability = world.faults.now()[fault]
  return probability > 0 && world.faults.draw(fault)() < probability
}

function hears({ status, enabled_events: events }: WebhookEndpoint, type: string): boolean {
  return status === 'enabled' && (events.includes('*') || events.includes(type))
}
