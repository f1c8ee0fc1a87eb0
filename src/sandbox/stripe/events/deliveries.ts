import type { Keeper } from '../core/state-file.ts'
import { BEFORE_BASIL, DEFAULT_VERSION } from '../core/version.ts'
import type { World } from '../core/world.ts'
import type { Delivery, WebhookEndpoint } from '../core/wire.ts'
import { happens } from './emit.ts'
import { post } from './post.ts'
import { renderEvent } from './render-event.ts'
import { signatureOf } from './signature.ts'

/** Real time, so that a developer does not wait for hours: Stripe's own schedule goes on for three days. */
export const RETRY_DELAYS_MS = [200, 1_000, 5_000, 30_000, 60_000, 300_000]
const MOST_AT_ONCE = 8
/** One timer can not wait longer; a longer wait is looked at again. */
const LONGEST_TIMER_MS = 60_000

export interface Deliveries {
  /** Looks at what is to be sent: after each change, and after a start. */
  wake(): void
  settled(): Promise<void>
  /** Breaks off what is under way; it is sent again after the next start. */
  close(): Promise<void>
}

export function startDeliveries(world: World, keeper: Keeper): Deliveries {
  const underWay = new Map<string, Promise<void>>()
  const stop = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const waiters: (() => void)[] = []

  const send = async (delivery: Delivery): Promise<void> => {
    const outcome = await attempt(world, delivery, stop.signal).catch((error: unknown) => {
      world.onMistake(`delivery ${delivery.id}`, error)
      return 'not sent, by a mistake of the sandbox'
    })
    if (stop.signal.aborted) return
    note(world, delivery, outcome)
    keeper.saveSoon()
  }
  const wake = (): void => {
    clearTimeout(timer)
    if (stop.signal.aborted) return
    const waiting = world.store.all('delivery').filter(({ id, state }) => state === 'waiting' && !underWay.has(id))
    const now = world.realMs()
    let next = Number.POSITIVE_INFINITY
    for (const delivery of waiting.toSorted((a, b) => a.nextAtMs - b.nextAtMs)) {
      if (delivery.nextAtMs > now) next = Math.min(next, delivery.nextAtMs)
      else if (underWay.size < MOST_AT_ONCE) {
        const sending = send(delivery).finally(() => {
          underWay.delete(delivery.id)
          wake()
        })
        underWay.set(delivery.id, sending)
      }
    }
    if (next < Number.POSITIVE_INFINITY) timer = setTimeout(wake, Math.min(next - now, LONGEST_TIMER_MS)).unref()
    if (waiting.length === 0 && underWay.size === 0) release()
  }
  const release = (): void => {
    for (const resolve of waiters.splice(0)) resolve()
  }
  return {
    wake,
    settled: () =>
      new Promise((resolve) => {
        waiters.push(resolve)
        wake()
      }),
    async close() {
      clearTimeout(timer)
      stop.abort()
      await Promise.all(underWay.values())
      release()
    },
  }
}

async function attempt(world: World, delivery: Delivery, signal: AbortSignal): Promise<number | string> {
  const event = world.store.get('event', delivery.event)
  const endpoint = world.store.get('webhook_endpoint', delivery.endpoint)
  if (event === undefined || endpoint === undefined || endpoint.status !== 'enabled') return 'endpoint removed'
  if (happens(world, 'lose')) return 'lost by a fault'
  const body = JSON.stringify(renderEvent(world, event, versionFor(world, endpoint)), null, 2)
  return post(
    endpoint.url,
    body,
    {
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-cache',
      'user-agent': 'Stripe/1.0 (+https://stripe.com/docs/webhooks)',
      accept: '*/*; q=0.5, application/xml',
      'stripe-signature': signatureOf(endpoint.secret, body, world.realMs()),
    },
    signal,
  )
}

function versionFor(world: World, endpoint: WebhookEndpoint): string {
  const { webhookApiVersion: fault } = world.faults.now()
  if (fault !== null) return fault === 'before' ? BEFORE_BASIL : fault
  return endpoint.api_version ?? DEFAULT_VERSION
}

function note(world: World, { id }: Delivery, outcome: number | string): void {
  const delivery = world.store.get('delivery', id)
  if (delivery === undefined) return
  const attempts = delivery.attempts + 1
  const delay = RETRY_DELAYS_MS[attempts - 1]
  const done = typeof outcome === 'number' && outcome >= 200 && outcome < 300
  const over = outcome === 'endpoint removed' || delay === undefined
  world.store.put({
    ...delivery,
    attempts,
    answer: String(outcome),
    state: done ? 'delivered' : over ? 'failed' : 'waiting',
    nextAtMs: world.realMs() + (delay ?? 0),
  })
}
