import { chargeDisputeClosed } from './charge-dispute-closed.ts'
import { chargeDisputeCreated } from './charge-dispute-created.ts'
import { chargeRefunded } from './charge-refunded.ts'
import { checkoutSessionCompleted } from './checkout-session-completed.ts'
import { customerDeleted } from './customer-deleted.ts'
import { customerSubscriptionCreated } from './customer-subscription-created.ts'
import { customerSubscriptionDeleted } from './customer-subscription-deleted.ts'
import { customerSubscriptionUpdated } from './customer-subscription-updated.ts'
import type { Handler } from './handler.ts'
import { invoicePaid } from './invoice-paid.ts'
import { invoicePaymentFailed } from './invoice-payment-failed.ts'

/** What each event means; one that has no entry means nothing here. */
export const HANDLERS: ReadonlyMap<string, Handler> = new Map([
  ['checkout.session.completed', checkoutSessionCompleted],
  ['checkout.session.async_payment_succeeded', checkoutSessionCompleted],
  ['customer.subscription.created', customerSubscriptionCreated],
  ['customer.subscription.updated', customerSubscriptionUpdated],
  ['customer.subscription.deleted', customerSubscriptionDeleted],
  ['customer.deleted', customerDeleted],
  ['invoice.paid', invoicePaid],
  ['invoice.payment_failed', invoicePaymentFailed],
  ['charge.refunded', chargeRefunded],
  ['charge.dispute.created', chargeDisputeCreated],
  ['charge.dispute.closed', chargeDisputeClosed],
])
export const EVENT_TYPES: readonly string[] = [...HANDLERS.keys()]
