import { z } from 'zod'
import { orgField, page, timestamp } from './fields.ts'
import { defineOperation } from './operation.ts'
import { planName } from './plans.ts'

/** What can be bought beside a plan: credits that do not expire. */
export const PACKS = {
  small: { credits: 1_000 },
  medium: { credits: 10_000 },
  large: { credits: 100_000 },
} as const satisfies Record<string, { readonly credits: number }>
export type PackName = keyof typeof PACKS

export const packName = z.enum(Object.keys(PACKS) as [PackName])

/** Free is what there is without a subscription. */
const paidPlan = planName.exclude(['free'])

const subscription = z.strictObject({
  id: z.string(),
  status: z.string().describe('As Stripe names it, such as active, past_due or canceled'),
  plan: planName.nullable().describe('What its price stands for; null when the price is not known here'),
  price: z.string().nullable(),
  periodEnd: timestamp.nullable(),
  cancelAtPeriodEnd: z.boolean(),
})

const billing = z.strictObject({
  plan: planName.describe('In force: the larger of what was subscribed to and what the operator gave'),
  subscribedPlan: planName.nullable().describe('What the subscriptions give; null without one'),
  subscription: subscription.nullable().describe('The one that gives the plan, else the latest'),
  sync: z
    .strictObject({
      state: z.enum(['synced', 'pending', 'failed']),
      at: timestamp.nullable().describe('When it last agreed with Stripe'),
      code: z.string().nullable().describe('Why the last try failed'),
      nextTryAt: timestamp.nullable(),
    })
    .describe('Whether what stands here is what Stripe says; what is not is tried again by itself'),
  plans: z.array(planName).describe('Plans that can be bought'),
  packs: z.array(z.strictObject({ name: packName, credits: z.int() })).describe('Credits that can be bought'),
  sandbox: z.boolean().describe('No real money: the Stripe that Tenon brings along'),
})
export type Billing = z.output<typeof billing>

const common = { auth: 'key', params: z.strictObject({ org: orgField }) } as const
const MONEY_ERRORS = ['billing_not_configured'] as const
const FOR_PEOPLE = { absent: 'what costs money is decided by people' } as const

export const getBilling = defineOperation({
  ...common,
  name: 'billing.get',
  summary: 'Show plan and subscription',
  description: 'The plan in force, the subscription behind it, whether it agrees with Stripe, and what can be bought.',
  method: 'GET',
  path: '/v1/billing/{org}',
  scope: 'billing:read',
  tx: 'read',
  output: billing,
  errors: MONEY_ERRORS,
  idempotent: true,
  surfaces: {
    mcp: FOR_PEOPLE,
    cli: { command: 'billing', examples: ['tenon billing', 'tenon billing --json'] },
  },
})

const address = z.url({ protocol: /^https?$/ }).max(2_000)

export const createCheckout = defineOperation({
  ...common,
  name: 'billing.checkout',
  summary: 'Buy a plan or credits',
  description:
    'Makes a page at Stripe on which a person pays for a plan or a pack of credits. Nothing changes until they have paid; whoever has a subscription changes it in the portal.',
  method: 'POST',
  path: '/v1/billing/{org}/checkout',
  scope: 'billing:write',
  tx: 'write',
  body: z
    .strictObject({
      plan: paidPlan.optional().describe('The plan to subscribe to'),
      pack: packName.optional().describe('The pack of credits to buy, in place of a plan'),
      successUrl: address.optional().describe('Where Stripe leads after payment, below the address of this server'),
      cancelUrl: address
        .optional()
        .describe('Where Stripe leads when nothing was paid, below the address of this server'),
    })
    .refine(({ plan, pack }) => (plan === undefined) !== (pack === undefined), {
      path: ['plan'],
      message: 'Give either a plan or a pack',
    }),
  output: z.strictObject({
    id: z.string(),
    url: z.url().describe('Open it in a browser'),
    expiresAt: timestamp,
    sandbox: billing.shape.sandbox,
  }),
  status: 201,
  errors: [...MONEY_ERRORS, 'billing_unavailable', 'already_subscribed', 'not_for_sale'],
  idempotent: false,
  timeoutMs: 100_000,
  surfaces: {
    mcp: FOR_PEOPLE,
    cli: {
      command: 'billing checkout',
      args: ['plan'],
      examples: ['tenon billing checkout solo', 'tenon billing checkout --pack small'],
    },
  },
})

export const confirmCheckout = defineOperation({
  ...common,
  name: 'billing.confirm',
  summary: 'Confirm a checkout',
  description:
    'For whoever comes back from paying: what was bought is in force when this answers. Only who has begun the checkout can confirm it; without it, the same happens within seconds.',
  method: 'POST',
  path: '/v1/billing/{org}/checkout/{session}/confirm',
  scope: 'billing:write',
  tx: 'write',
  params: z.strictObject({
    org: orgField,
    session: z.string().min(1).max(255).meta({ example: 'cs_test_a1b2c3' }).describe('Id of the checkout'),
  }),
  output: z.strictObject({
    paid: z.boolean(),
    billing,
  }),
  errors: [...MONEY_ERRORS, 'billing_unavailable'],
  idempotent: true,
  timeoutMs: 100_000,
  surfaces: {
    mcp: FOR_PEOPLE,
    cli: {
      command: 'billing confirm',
      args: ['session'],
      examples: ['tenon billing confirm cs_test_a1b2c3', 'tenon billing confirm cs_test_a1b2c3 --json'],
    },
  },
})

export const openPortal = defineOperation({
  ...common,
  name: 'billing.portal',
  summary: 'Open the portal of Stripe',
  description: 'Makes a page at Stripe on which a person changes plan and card, cancels, and reads invoices.',
  method: 'POST',
  path: '/v1/billing/{org}/portal',
  scope: 'billing:write',
  tx: 'write',
  output: z.strictObject({
    url: z.url().describe('Open it in a browser'),
    sandbox: billing.shape.sandbox,
  }),
  status: 201,
  errors: [...MONEY_ERRORS, 'billing_unavailable'],
  idempotent: false,
  timeoutMs: 100_000,
  surfaces: {
    mcp: FOR_PEOPLE,
    cli: { command: 'billing portal', examples: ['tenon billing portal', 'tenon billing portal --json'] },
  },
})

export const syncBilling = defineOperation({
  ...common,
  name: 'billing.sync',
  summary: 'Agree with Stripe now',
  description: 'Fetches the subscriptions of the organisation from Stripe and applies what they say.',
  method: 'POST',
  path: '/v1/billing/{org}/sync',
  scope: 'billing:write',
  tx: 'write',
  output: billing,
  errors: [...MONEY_ERRORS, 'billing_unavailable'],
  idempotent: true,
  timeoutMs: 100_000,
  surfaces: {
    mcp: FOR_PEOPLE,
    cli: { command: 'billing sync', examples: ['tenon billing sync', 'tenon billing sync --json'] },
  },
})

const eventId = z
  .string()
  .regex(/^evt_[A-Za-z0-9_]{1,200}$/)
  .meta({ example: 'evt_1a2b3c' })

export const receiveStripeWebhook = defineOperation({
  name: 'stripe.webhook',
  summary: 'Receive an event of Stripe',
  description:
    'For Stripe. The signature is checked over the bytes as they came and within five minutes; an event is stored once and answered at once, what it means is done in the background.',
  method: 'POST',
  path: '/v1/stripe/webhook',
  auth: 'signature',
  scope: null,
  tx: 'none',
  // Of what an event says only ids are used, so that no version of Stripe's API is refused.
  body: z.looseObject({
    id: eventId,
    type: z.string().min(1).max(200),
    api_version: z.string().max(100).nullish(),
    created: z.int().min(0).max(253_402_300_799),
    livemode: z.boolean(),
    data: z.looseObject({ object: z.looseObject({}) }),
  }),
  output: z.strictObject({ received: z.literal(true), duplicate: z.boolean().optional() }),
  errors: MONEY_ERRORS,
  idempotent: true,
  audited: false,
  maxBodyBytes: 256 * 1024,
  surfaces: {
    mcp: { absent: 'it is for Stripe' },
    cli: { absent: 'it is for Stripe' },
  },
})

export const EVENT_STATES = ['received', 'done', 'parked', 'failed'] as const
export type EventState = (typeof EVENT_STATES)[number]

const stripeEvent = z.strictObject({
  id: z.string(),
  type: z.string(),
  state: z
    .enum(EVENT_STATES)
    .describe('received: waits, or is tried again; parked: could not be applied; failed: was tried too often'),
  reason: z.string().nullable(),
  tries: z.int(),
  nextTryAt: timestamp.nullable(),
  object: z.string().nullable().describe('Id of what it is about'),
  org: z.string().nullable().describe('Id of the organisation, once it is known'),
  createdAt: timestamp.describe('At Stripe'),
  receivedAt: timestamp,
  handledAt: timestamp.nullable(),
})
export type StripeEvent = z.output<typeof stripeEvent>

export const listStripeEvents = defineOperation({
  name: 'webhooks.list',
  summary: 'List events of Stripe',
  description: 'Needs the root key. What Stripe has sent, the newest first, and what came of it.',
  method: 'GET',
  path: '/v1/stripe/events',
  auth: 'root',
  scope: null,
  tx: 'none',
  query: z.strictObject({ state: z.enum(EVENT_STATES).optional().describe('Only those in this state'), ...page }),
  output: z.array(stripeEvent),
  paginated: true,
  errors: MONEY_ERRORS,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'the root key stays on the server side and is never given to an agent' },
    cli: { command: 'webhooks list', examples: ['tenon webhooks list', 'tenon webhooks list --state parked'] },
  },
})

export const replayStripeEvent = defineOperation({
  name: 'webhooks.replay',
  summary: 'Apply an event of Stripe again',
  description:
    'Needs the root key. Puts an event back to those that wait, whatever came of it: what it has done already is not done twice.',
  method: 'POST',
  path: '/v1/stripe/events/{event}/replay',
  auth: 'root',
  scope: null,
  tx: 'none',
  params: z.strictObject({ event: eventId.describe('Id of the event') }),
  output: stripeEvent,
  errors: MONEY_ERRORS,
  idempotent: true,
  audited: false,
  surfaces: {
    mcp: { absent: 'the root key stays on the server side and is never given to an agent' },
    cli: {
      command: 'webhooks replay',
      args: ['event'],
      examples: ['tenon webhooks replay evt_1a2b3c', 'tenon webhooks replay evt_1a2b3c --json'],
    },
  },
})
