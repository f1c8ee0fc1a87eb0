import { receiveStripeWebhook } from '../../../contract/billing.ts'
import { failpoint } from '../../../kernel/failpoint.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import { idsOfEvent } from '../objects.ts'
import type { EventStore } from './event-store.ts'

/** Stores an event whose signature was checked, and answers: nothing of what it means is done while Stripe waits. */
export function receiveWebhookVerb(events: EventStore): BoundVerb {
  return implement(receiveStripeWebhook, async (_, event) => {
    const { id, type, api_version: apiVersion = null, created, livemode, data } = event
    const { object, customer } = idsOfEvent(data.object)
    const createdAt = new Date(created * 1000)
    const payload = JSON.stringify(event)
    const stored = await events.store({ id, type, apiVersion, livemode, createdAt, object, customer, payload })
    await failpoint('webhook.stored')
    return { received: true as const, ...(stored === 'known' ? { duplicate: true } : {}) }
  })
}
