import { receiveStripeWebhook } from '../../contract/billing.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { VerifySignature } from '../../kernel/identify.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import type { ClosingStep, OnboardingStep } from '../identity/index.ts'
import { createStripe } from './client.ts'
import { confirmCheckoutVerb } from './confirm-checkout.ts'
import type { BillingCore, Owners } from './core.ts'
import { createCheckoutVerb } from './create-checkout.ts'
import { stripeClosingStep, stripeCustomerStep } from './customer-step.ts'
import { billingRecords, type BillingRecords } from './for-reconcile.ts'
import { getBillingVerb } from './get-billing.ts'
import { catchUp } from './inbox/catch-up.ts'
import { createEventStore } from './inbox/event-store.ts'
import { forgetPayloads } from './inbox/inbox.sql.ts'
import { startInboxWorker, type InboxWorkerOptions } from './inbox/inbox-worker.ts'
import { listEventsVerb } from './inbox/list-events.ts'
import { receiveWebhookVerb } from './inbox/receive-webhook.ts'
import { replayEventVerb } from './inbox/replay-event.ts'
import { isSigned } from './inbox/verify-signature.ts'
import { NOT_CONFIGURED } from './not-configured.ts'
import { openPortalVerb } from './open-portal.ts'
import type { StripeSettings } from './settings.ts'
import { syncBillingVerb } from './sync-billing.ts'

export { createStripe } from './client.ts'
export type { Owners } from './core.ts'
export { EVENT_TYPES as STRIPE_EVENT_TYPES } from './events/index.ts'
export type { BillingRecords, BillingState, ListedCustomer, PaidSource } from './for-reconcile.ts'
export type { PaidFor } from './grants.ts'
export type { Sold, StripeSettings } from './settings.ts'

export interface BillingOptions {
  readonly db: Database
  readonly clock: Clock
  readonly log: Log
  readonly publicUrl: string
  /** Without them, every operation of billing says so, and nothing else is missing. */
  readonly settings: StripeSettings | undefined
  readonly owners: Owners
  readonly inbox?: InboxWorkerOptions | undefined
}

export interface Billing {
  readonly verbs: readonly BoundVerb[]
  readonly onboarding: readonly OnboardingStep[]
  readonly closing: readonly ClosingStep[]
  /** What every worker does once a minute. */
  readonly tasks: readonly (() => Promise<void>)[]
  readonly verifySignature: VerifySignature
  /** For a reconciliation; null where Stripe is not set up. */
  readonly records: BillingRecords | null
  /** What a worker runs all the time; answers how to end it. */
  startWork(): () => Promise<void>
}

export function createBilling({ settings, inbox, ...parts }: BillingOptions): Billing {
  if (settings === undefined) return WITHOUT
  const core: BillingCore = { ...parts, settings, stripe: createStripe(settings) }
  const { db, clock } = core
  const events = createEventStore(db)
  const secrets = settings.webhookSecrets
  return {
    verbs: [
      getBillingVerb(core),
      createCheckoutVerb(core),
      confirmCheckoutVerb(core),
      openPortalVerb(core),
      syncBillingVerb(core),
      receiveWebhookVerb(events),
      listEventsVerb(db),
      replayEventVerb(db),
    ],
    onboarding: [stripeCustomerStep(core)],
    closing: [stripeClosingStep(core)],
    tasks: [
      async () => void (await catchUp(core, events)),
      async () => void (await db.cross('billing', (sql) => sql.run(forgetPayloads, {}))),
    ],
    verifySignature: async (operation, body, header) =>
      operation === receiveStripeWebhook.name && isSigned({ body, header }, { secrets, clock }),
    records: billingRecords(core, events),
    startWork: () => startInboxWorker(core, inbox),
  }
}

const WITHOUT: Billing = {
  verbs: NOT_CONFIGURED,
  onboarding: [],
  closing: [],
  tasks: [],
  verifySignature: async (operation) => {
    if (operation === receiveStripeWebhook.name) throw new TenonError('billing_not_configured')
    return false
  },
  records: null,
  startWork: () => async () => {},
}
