import type { StripeEvent } from '../../../contract/billing.ts'
import type { EventRow } from './inbox.sql.ts'

export function shownEvent(row: EventRow): StripeEvent {
  const {
    id,
    type,
    state,
    reason,
    tries,
    nextTryAt,
    objectId: object,
    orgId: org,
    createdAt,
    receivedAt,
    handledAt,
  } = row
  return { id, type, state, reason, tries, nextTryAt, object, org, createdAt, receivedAt, handledAt }
}
