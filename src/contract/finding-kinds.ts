export const SEVERITIES = ['critical', 'high', 'medium', 'low'] as const
export type Severity = (typeof SEVERITIES)[number]

/** Where something can be seen. */
export const FINDING_SOURCES = ['billing', 'credits', 'limits', 'stripe'] as const
export type FindingSource = (typeof FINDING_SOURCES)[number]

export interface FindingSpec {
  readonly source: FindingSource
  readonly severity: Severity
  readonly cause: string
  readonly recovery: string
}

/** What can be found in the records of one organisation. A kind is never taken away: there may be rows with it. */
export const FINDING_KINDS = {
  customer_missing: {
    source: 'stripe',
    severity: 'high',
    cause: 'The customer of the organisation is missing or deleted in Stripe.',
    recovery: 'Create a customer with the metadata of the organisation in Stripe, or check out anew, then reconcile.',
  },
  customer_unlinked: {
    source: 'stripe',
    severity: 'high',
    cause: 'A customer in Stripe names the organisation, which knows of none.',
    recovery: 'Run the reconciliation without --dry-run: it links them.',
  },
  subscription_drift: {
    source: 'stripe',
    severity: 'medium',
    cause: 'A subscription does not stand here as Stripe has it.',
    recovery: 'Run the reconciliation without --dry-run; if it stays, check the secret key and the state of Stripe.',
  },
  tier_drift: {
    source: 'stripe',
    severity: 'high',
    cause: 'The plan in force is not the one that the subscription in Stripe gives.',
    recovery: 'Run the reconciliation without --dry-run; if it stays, read the log of the synchronisation.',
  },
  sync_failed: {
    source: 'stripe',
    severity: 'high',
    cause: 'The organisation could not be synchronised with Stripe.',
    recovery: 'It is tried again by itself; if it stays, check the secret key and the state of Stripe.',
  },
  unknown_price: {
    source: 'stripe',
    severity: 'high',
    cause: 'A subscription has a price that the configuration does not map to a plan.',
    recovery: 'Add the price id to the configuration of the plan, or change the subscription in Stripe.',
  },
  several_subscriptions: {
    source: 'stripe',
    severity: 'medium',
    cause: 'The customer has more than one subscription that gives a plan; the largest counts.',
    recovery: 'Cancel those that are not meant in Stripe and refund what was paid twice.',
  },
  payment_failed: {
    source: 'billing',
    severity: 'high',
    cause: 'A payment for the subscription has failed.',
    recovery: 'Ask the customer to change the payment method in the portal.',
  },
  payment_disputed: {
    source: 'billing',
    severity: 'high',
    cause: 'A payment was disputed by the holder of the card.',
    recovery: 'Answer the dispute in Stripe; the credits of the payment were taken back as far as they were left.',
  },
  event_parked: {
    source: 'stripe',
    severity: 'medium',
    cause: 'An event of Stripe could not be applied.',
    recovery: 'Read its reason in `tenon webhooks list`, mend it, then replay it with `tenon webhooks replay`.',
  },
  events_missing: {
    source: 'stripe',
    severity: 'medium',
    cause: 'Events that Stripe lists have not arrived.',
    recovery: 'Run the reconciliation without --dry-run, and check the webhook endpoint in Stripe.',
  },
  grant_missing: {
    source: 'credits',
    severity: 'high',
    cause: 'A paid invoice has no grant of credits.',
    recovery: 'Run the reconciliation without --dry-run: it grants them under the key of the invoice.',
  },
  grant_without_invoice: {
    source: 'credits',
    severity: 'high',
    cause: 'Credits were granted for an invoice that Stripe does not list as paid.',
    recovery: 'Look the invoice up in Stripe; if it was never paid, take the credits back by a refund.',
  },
  refund_short: {
    source: 'credits',
    severity: 'medium',
    cause: 'Less credits were left than a refund should have taken back.',
    recovery: 'Decide whether what was used is to be charged; the balance is never taken below zero.',
  },
  credit_drift: {
    source: 'credits',
    severity: 'critical',
    cause: 'The sum of the ledger is not the balance.',
    recovery: 'Stop the workers, keep a copy of the database, and compare the entries of the ledger with the grants.',
  },
  hold_without_run: {
    source: 'credits',
    severity: 'high',
    cause: 'Credits are reserved for a run that there is not.',
    recovery: 'Look the run up in the audit trail; if it was removed, release the reservation.',
  },
  hold_of_ended_run: {
    source: 'credits',
    severity: 'medium',
    cause: 'Credits are still reserved for a run that has ended.',
    recovery: 'Run the reconciliation without --dry-run: it releases them.',
  },
  above_limit: {
    source: 'limits',
    severity: 'low',
    cause: 'The organisation has more than its plan allows since the plan became smaller.',
    recovery: 'Nothing is taken away; remove what is too much, or choose a larger plan.',
  },
} as const satisfies Record<string, FindingSpec>
export type FindingKind = keyof typeof FINDING_KINDS

/** What belongs to no organisation, and is the operator's to look at. */
export const ORPHAN_KINDS = {
  customer_without_org: {
    cause: 'A customer in Stripe names an organisation that there is not.',
    recovery: 'Delete the customer in Stripe, or correct the organisation in its metadata.',
  },
  customer_twice: {
    cause: 'A customer in Stripe names an organisation that has another one.',
    recovery: 'Cancel its subscriptions and delete it in Stripe, or correct the organisation in its metadata.',
  },
  subscription_without_org: {
    cause: 'A subscription in Stripe belongs to a customer of no organisation.',
    recovery: 'Cancel it in Stripe and refund what was paid, or name the organisation in the metadata of the customer.',
  },
  onboarding_stuck: {
    cause: 'The making of an organisation was interrupted and can not be undone.',
    recovery: 'Repeat the call with its idempotency key; if that fails, read the log of the onboarding.',
  },
  onboarding_left_over: {
    cause: 'A step of an onboarding could not be undone.',
    recovery: 'Remove by hand in the other system what the details name.',
  },
  closing_left_over: {
    cause: 'An organisation was closed, and a step that follows from it fails again and again.',
    recovery: 'Look in the log for the step that the details name; it is tried again each hour.',
  },
  user_without_org: {
    cause: 'A person has signed up and belongs to no organisation.',
    recovery: 'Nothing, if they have just come; invite them, or delete the account when it is not used.',
  },
} as const satisfies Record<string, { readonly cause: string; readonly recovery: string }>
export type OrphanKind = keyof typeof ORPHAN_KINDS
