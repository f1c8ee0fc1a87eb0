import { z } from 'zod'
import { orgField, timestamp } from './fields.ts'
import { FINDING_KINDS, ORPHAN_KINDS, type FindingKind, type OrphanKind } from './finding-kinds.ts'
import { defineOperation } from './operation.ts'
import { TIMEOUTS } from './timeouts.ts'

/** What is compared. `told`: what is found does not count against the whole, since it may be as somebody wants it. */
export const CHECKS = {
  events: { what: 'Events that Stripe lists, with the inbox', told: false },
  customers: { what: 'Customers in Stripe, with organisations', told: false },
  subscriptions: { what: 'Plans and subscriptions, with those in Stripe', told: false },
  grants: { what: 'Grants of credits, with what was paid', told: false },
  ledger: { what: 'Sums of the ledger, with balances', told: false },
  reservations: { what: 'Open reservations, with runs', told: false },
  onboardings: { what: 'Organisations that are being made', told: false },
  people: { what: 'People without an organisation', told: true },
} as const satisfies Record<string, { readonly what: string; readonly told: boolean }>
export type CheckName = keyof typeof CHECKS

const count = z.int().min(0)

const check = z.strictObject({
  check: z.enum(Object.keys(CHECKS) as [CheckName]),
  checked: count.describe('How many things were compared'),
  found: count.describe('How many did not agree'),
  repaired: count.describe('How many of those agree now'),
})
export type Check = z.output<typeof check>

const seen = z.strictObject({
  check: check.shape.check,
  org: z.string().nullable().describe('Id of the organisation; null for what belongs to none'),
  kind: z.enum([...Object.keys(FINDING_KINDS), ...Object.keys(ORPHAN_KINDS)] as [FindingKind | OrphanKind]),
  subject: z.string(),
  repaired: z.boolean(),
})
export type Seen = z.output<typeof seen>

const report = z.strictObject({
  verdict: z
    .enum(['clean', 'open'])
    .describe('open: something is left that did not agree, could not be compared, or was not looked at yet'),
  dryRun: z.boolean().describe('Nothing was changed'),
  stripe: z.boolean().describe('false: Stripe is not set up here, so that only what stands here was compared'),
  orgs: count.describe('Organisations that were compared'),
  failed: count.describe('Organisations, and other parts, that could not be compared'),
  checks: z.array(check),
  seen: z.array(seen).describe('What did not agree, at most 200 of it'),
  nextCursor: z.string().nullable().describe('Where to go on when there was not enough time for all; null at the end'),
})
export type ReconcileReport = z.output<typeof report>

const serverSide = { absent: 'the root key stays on the server side and is never given to an agent' } as const

export const reconcileStripe = defineOperation({
  name: 'reconcile.stripe',
  summary: 'Compare everything with Stripe',
  description:
    'Needs the root key. Compares organisations, plans, grants, balances and reservations with Stripe and with each other, mends what can be mended safely, each in the audit trail of its organisation, and keeps the rest as findings. The same happens by itself every hour.',
  method: 'POST',
  path: '/v1/reconcile/stripe',
  auth: 'root',
  scope: null,
  tx: 'none',
  body: z.strictObject({
    dryRun: z.boolean().default(false).describe('Only look: change nothing, here and in Stripe'),
    only: orgField.optional().describe('Slug or id of the one organisation to look at; all when left out'),
    cursor: z.string().min(1).max(1024).optional().describe('nextCursor of the report before'),
  }),
  output: report,
  errors: ['not_found', 'invalid_cursor', 'billing_unavailable'],
  idempotent: true,
  // What it mends is in the trails of the organisations.
  audited: false,
  timeoutMs: TIMEOUTS.wait,
  surfaces: {
    mcp: serverSide,
    cli: {
      command: 'reconcile stripe',
      failsOn: { field: 'verdict', value: 'open' },
      description:
        'Compares organisations, plans, grants, balances and reservations with Stripe and with each other, mends what can be mended safely, and keeps the rest as findings. Ends with 1 when something is left.',
      examples: ['tenon reconcile stripe --dry-run', 'tenon reconcile stripe --only acme'],
    },
  },
})

export const getReconciliation = defineOperation({
  name: 'reconcile.get',
  summary: 'Show when everything was last compared',
  description:
    'How the last comparison of the organisation with Stripe, its ledger and its runs went. What is left of it is among the findings.',
  method: 'GET',
  path: '/v1/reconcile/{org}',
  auth: 'key',
  scope: 'findings:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  output: z.strictObject({
    state: z
      .enum(['synced', 'pending', 'failed'])
      .describe(
        'synced: all agreed at the end; pending: not compared yet, or changing just then; failed: something is left',
      ),
    reconciledAt: timestamp.nullable(),
    checked: count,
    found: count,
    repaired: count,
  }),
  idempotent: true,
  surfaces: {
    mcp: { absent: 'an agent sees what is left by list_findings' },
    cli: { command: 'reconcile status', examples: ['tenon reconcile status', 'tenon reconcile status --json'] },
  },
})
