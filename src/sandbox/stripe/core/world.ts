import type { Faults } from '../faults.ts'
import type { Draw } from './random.ts'
import { missingResource } from './failure.ts'
import type { Store } from './store.ts'
import type { Kind, Of } from './wire.ts'

/** What every part of the simulator works on. */
export interface World {
  readonly store: Store
  readonly faults: { readonly now: () => Faults; readonly draw: (kind: keyof Faults) => Draw }
  /** Seconds since 1970 on the clock of the sandbox. */
  readonly seconds: () => number
  readonly realMs: () => number
  readonly url: () => string
  /** Hears of a mistake of the simulator itself. */
  readonly onMistake: (where: string, error: unknown) => void
  /** The request that is being answered: events name it. */
  request: { readonly id: string | null; readonly idempotency_key: string | null }
}

export const NO_REQUEST = { id: null, idempotency_key: null }

const NOUNS: Partial<Record<Kind, string>> = {
  payment_intent: 'payment_intent',
  'checkout.session': 'checkout.session',
  'billing_portal.session': 'billing_portal.session',
  webhook_endpoint: 'webhook endpoint',
}

/** @throws StripeFailure `resource_missing`, with the name of the parameter that named it. */
export function objectOf<K extends Kind>(world: World, kind: K, id: string, param = 'id'): Of<K> {
  const object = world.store.get(kind, id)
  if (object === undefined) throw missingResource(NOUNS[kind] ?? kind, id, param)
  return object
}

/** A customer that is not deleted. */
export function customerOf(world: World, id: string, param = 'id'): Of<'customer'> {
  const customer = objectOf(world, 'customer', id, param)
  if (customer.sandbox.deleted) throw missingResource('customer', id, param)
  return customer
}
