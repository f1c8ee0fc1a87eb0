import type { OrgId } from '../../../contract/ids.ts'
import type { BillingCore } from '../core.ts'

/** Of a stored event only what names things: what is true of them is fetched. */
export interface StoredEvent {
  readonly id: string
  readonly type: string
  readonly objectId: string | null
  readonly customerId: string | null
}

export type ParkReason =
  | 'unknown_customer'
  | 'unknown_object'
  | 'no_customer'
  | 'other_organisation'
  | 'wrong_mode'
  | 'unknown_price'
  | 'not_paid'

/** `parked`: it can not be applied as things are, and can be replayed when they have changed. */
export type Handled =
  | { readonly state: 'done'; readonly org: OrgId | null; readonly reason?: string }
  | { readonly state: 'parked'; readonly org: OrgId | null; readonly reason: ParkReason }

/** May be called any number of times for the same event, at once and in any order: what it does, it does once. */
export type Handler = (core: BillingCore, event: StoredEvent) => Promise<Handled>

export const done = (org: OrgId, reason?: string): Handled => ({
  state: 'done',
  org,
  ...(reason === undefined ? {} : { reason }),
})
export const parked = (reason: ParkReason, org: OrgId | null = null): Handled => ({ state: 'parked', org, reason })
