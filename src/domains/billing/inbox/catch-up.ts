import { z } from 'zod'
import type { BillingCore } from '../core.ts'
import { EVENT_TYPES } from '../events/index.ts'
import { idsOfEvent } from '../objects.ts'
import { ask } from '../stripe-failure.ts'
import type { EventStore } from './event-store.ts'
import { selectKnown } from './inbox.sql.ts'

const listed = z.looseObject({
  id: z.string(),
  type: z.string(),
  api_version: z.string().nullish(),
  created: z.int(),
  livemode: z.boolean(),
  data: z.looseObject({ object: z.looseObject({}) }),
})

/** Stripe sends an event for up to three days; what it lists from before is old. */
const BACK_S = 3 * 86_400
/** What has just happened is on its way still. */
const ON_ITS_WAY_S = 60
const PAGE = 100
const MAX_PAGES = 20

/** Takes in what Stripe lists and has never delivered; without a store only looks. Answers how many events there were of those. */
export async function catchUp(core: BillingCore, events: EventStore | null): Promise<number> {
  const now = Math.floor(core.clock.now().getTime() / 1000)
  let missed = 0
  let after: string | undefined
  for (let page = 0; page < MAX_PAGES; page++) {
    const { data, has_more: hasMore } = await ask(() =>
      core.stripe.events.list({
        types: [...EVENT_TYPES],
        created: { gte: now - BACK_S },
        limit: PAGE,
        ...(after === undefined ? {} : { starting_after: after }),
      }),
    )
    const known = new Set(
      (await core.db.cross('billing', (sql) => sql.run(selectKnown, { ids: data.map(({ id }) => id) }))).map(
        ({ id }) => id,
      ),
    )
    for (const one of data.map((event) => listed.parse(event))) {
      if (known.has(one.id) || (one.created > now - ON_ITS_WAY_S && one.created <= now)) continue
      const { object, customer } = idsOfEvent(one.data.object)
      const { id, type, api_version: apiVersion = null, livemode } = one
      const createdAt = new Date(one.created * 1000)
      const payload = JSON.stringify(one)
      const event = { id, type, apiVersion, livemode, createdAt, object, customer, payload }
      if (events === null || (await events.store(event)) === 'new') missed += 1
    }
    after = data.at(-1)?.id
    if (!hasMore || after === undefined) break
  }
  if (missed > 0 && events !== null)
    core.log.warn({ missed }, 'events of Stripe were missed, and were taken from its list')
  return missed
}
