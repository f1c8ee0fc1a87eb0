import * as billing from '../../contract/billing.ts'
import type { Operation } from '../../contract/operation.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { BoundVerb } from '../../kernel/verb.ts'

const OPERATIONS: readonly Operation[] = [
  billing.getBilling,
  billing.createCheckout,
  billing.confirmCheckout,
  billing.openPortal,
  billing.syncBilling,
  billing.receiveStripeWebhook,
  billing.listStripeEvents,
  billing.replayStripeEvent,
]

/** Each operation is there and says that billing is not set up; all else works. */
export const NOT_CONFIGURED: readonly BoundVerb[] = OPERATIONS.map((operation) => ({
  operation,
  prepare: refuse,
  run: refuse,
}))

function refuse(): Promise<never> {
  return Promise.reject(new TenonError('billing_not_configured'))
}
