import type Stripe from 'stripe'
import type { OrgId } from '../../contract/ids.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import type { Mail } from '../../platform/mail/index.ts'
import type { StripeSettings } from './settings.ts'

/** Who owns an organisation, and how they are written to. */
export interface Owners {
  addressesOf(org: OrgId): Promise<readonly string[]>
  /** In the transaction of what it tells of. */
  queueMail: Mail['queueMail']
}

/** What every part of billing works with, once it is set up. */
export interface BillingCore {
  readonly stripe: Stripe
  readonly settings: StripeSettings
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly publicUrl: string
  readonly owners: Owners
}

/** Enough to find it at Stripe, and not the whole of it: logs go further than the database. */
export function shortened(id: string | null): string | null {
  return id === null || id.length <= 12 ? id : `${id.slice(0, 8)}…${id.slice(-4)}`
}
