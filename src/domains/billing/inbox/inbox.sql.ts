import type { EventState } from '../../../contract/billing.ts'
import { statement } from '../../../kernel/statement.ts'

/** All by the role of billing: events belong to the installation. */

export interface NewEvents {
  ids: string[]
  types: string[]
  apiVersions: (string | null)[]
  livemodes: boolean[]
  createdAts: string[]
  objects: (string | null)[]
  customers: (string | null)[]
  payloads: string[]
}

/** Answers those that were not there. Sorted, so that two nodes with the same events do not wait for each other in a circle. */
export const insertEvents = statement<NewEvents, { id: string }>(
  'stripe.insertEvents',
  `with given as (
     select * from unnest(:ids::text[], :types::text[], :apiVersions::text[], :livemodes::boolean[], :createdAts::timestamptz[],
       :objects::text[], :customers::text[], :payloads::text[])
       as e (id, type, api_version, livemode, created_at, object_id, customer_id, payload) order by 1),
   stored as (
     insert into stripe_events (id, type, api_version, livemode, created_at, object_id, customer_id, payload)
     select * from given on conflict (id) do nothing returning id),
   told as (select pg_notify('tenon_stripe', '') where exists (select from stored))
   select id from stored left join told on true`,
)

export interface ClaimedRow {
  id: string
  type: string
  livemode: boolean
  objectId: string | null
  customerId: string | null
  claim: number
  tries: number
}

/** Leased for two minutes: whoever lets that pass has lost it. */
export const claimEvents = statement<{ limit: number }, ClaimedRow>(
  'stripe.claimEvents',
  `update stripe_events set claim = claim + 1, tries = tries + 1, next_try_at = clock_timestamp() + interval '2 minutes'
   where id in (
     select id from stripe_events where next_try_at <= clock_timestamp()
     order by next_try_at limit :limit for update skip locked)
   returning id, type, livemode, object_id, customer_id, claim, tries`,
)

/** No row when another has claimed it since. */
export const settleEvent = statement<
  { id: string; claim: number; state: Exclude<EventState, 'received'>; reason: string | null; orgId: string | null },
  { id: string }
>(
  'stripe.settleEvent',
  `update stripe_events set state = :state, reason = :reason, org_id = coalesce(:orgId, org_id), next_try_at = null,
     handled_at = clock_timestamp()
   where id = :id and claim = :claim and next_try_at is not null returning id`,
)

/** 5 s, 10 s, 20 s … up to an hour. */
export const retryEvent = statement<{ id: string; claim: number; reason: string }, { id: string }>(
  'stripe.retryEvent',
  `update stripe_events set reason = :reason, next_try_at = clock_timestamp() +
     least(interval '5 seconds' * power(2, least(tries - 1, 20)), interval '1 hour')
   where id = :id and claim = :claim and next_try_at is not null returning id`,
)

export interface EventRow {
  id: string
  type: string
  state: EventState
  reason: string | null
  tries: number
  nextTryAt: string | null
  objectId: string | null
  orgId: string | null
  createdAt: string
  receivedAt: string
  handledAt: string | null
  /** As text: a cursor needs all of its digits. */
  position: string
}

const EVENT = `id, type, state, reason, tries, next_try_at, object_id, org_id, created_at, received_at, handled_at,
  received_at::text as position`

export const selectEvents = statement<
  { state: EventState | null; before: string | null; beforeId: string; limit: number },
  EventRow
>(
  'stripe.selectEvents',
  `select ${EVENT} from stripe_events
   where (:state::text is null or state = :state)
     and (:before::timestamptz is null or (received_at, id) < (:before::timestamptz, :beforeId))
   order by received_at desc, id desc limit :limit`,
)

/** One that a worker has at this moment is taken from it. */
export const replayEvent = statement<{ id: string }, EventRow>(
  'stripe.replayEvent',
  `with replayed as (
     update stripe_events set state = 'received', reason = null, tries = 0, claim = claim + 1, handled_at = null,
       next_try_at = clock_timestamp()
     where id = :id returning *),
   told as (select pg_notify('tenon_stripe', '') where exists (select from replayed))
   select ${EVENT} from replayed left join told on true`,
)

export const forgetPayloads = statement<object>(
  'stripe.forgetPayloads',
  `update stripe_events set payload = null where id in (
     select id from stripe_events where payload is not null and received_at < clock_timestamp() - interval '30 days'
     and next_try_at is null limit 1000)`,
)

export const selectKnown = statement<{ ids: string[] }, { id: string }>(
  'stripe.knownEvents',
  'select id from stripe_events where id = any (:ids::text[])',
)

/** No row when mails were queued because of it before. */
export const markTold = statement<{ id: string }, { id: string }>(
  'stripe.markTold',
  'update stripe_events set told_at = clock_timestamp() where id = :id and told_at is null returning id',
)
