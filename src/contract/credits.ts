import { z } from 'zod'
import { orgField, page, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { runField } from './runs.ts'

/** Of one grant or refund. */
export const MAX_CREDITS = 1_000_000_000
export const GRANT_KINDS = ['plan', 'pack', 'promotion', 'refund'] as const
export const ENTRY_KINDS = ['grant', 'reserve', 'capture', 'release', 'refund', 'expire', 'revoke'] as const

const amount = z.int().min(1).max(MAX_CREDITS).describe('How many credits')
const params = z.strictObject({ org: orgField })
const rootAlone = { absent: 'the root key stays on the server side and is never given to an agent' } as const

const creditGrant = z.strictObject({
  id: idSchema('grant'),
  kind: z.enum(GRANT_KINDS).describe('What it is: of the plan, of a pack that was bought, a promotion, or a refund'),
  amount: z.int(),
  remaining: z.int().describe('What is not spent of it; reservations count as not spent'),
  expiresAt: timestamp.nullable().describe('null: never'),
  note: z.string().nullable(),
  createdAt: timestamp,
})
export type CreditGrant = z.output<typeof creditGrant>

const reservation = z.strictObject({
  run: idSchema('run'),
  reserved: z.int().describe('Still set aside'),
  captured: z.int().describe('Charged so far'),
  since: timestamp,
})

const credits = z.strictObject({
  available: z.int().describe('What can be reserved now'),
  reserved: z.int().describe('Set aside for runs that have not ended'),
  usedThisMonth: z.int().describe('Charged in this month of UTC'),
  grants: z.array(creditGrant).describe('With something left, soonest to expire first, which is spent first; up to 50'),
  reservations: z.array(reservation).describe('Of runs that have not ended; up to 50'),
})

const creditEntry = z.strictObject({
  seq: z.int().describe('Number of the entry in the ledger of the organisation, from 1 and without gaps'),
  kind: z.enum(ENTRY_KINDS),
  available: z.int().describe('By how much it has changed what is available'),
  reserved: z.int().describe('By how much it has changed what is reserved'),
  availableAfter: z.int(),
  reservedAfter: z.int(),
  run: idSchema('run').nullable(),
  grant: idSchema('grant').nullable(),
  note: z.string().nullable(),
  at: timestamp,
})
export type CreditEntry = z.output<typeof creditEntry>

const statement = z.strictObject({
  run: idSchema('run'),
  reserved: z.int().describe('Still set aside'),
  captured: z.int().describe('Charged'),
  released: z.int().describe('Given back unused'),
  refunded: z.int().describe('Given back of what was charged'),
  open: z.boolean().describe('Whether the run may still be charged'),
  entries: z.array(creditEntry).describe('Newest first; up to 200'),
})

export const getCredits = defineOperation({
  name: 'credits.get',
  summary: 'Show credits',
  description:
    'What is available and reserved, where it comes from and when it expires, and what runs have reserved. The balance belongs to the organisation.',
  method: 'GET',
  path: '/v1/credits/{org}',
  auth: 'key',
  scope: 'credits:read',
  tx: 'read',
  params,
  output: credits,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'get_credits',
      title: 'Get credits',
      description:
        'Returns the credits of the organisation: available (what new runs can reserve), reserved (set aside for runs under way), used this month, grants with what is left and when each expires, and the reservations by run. Use it before starting a metered run, or after insufficient_credits.',
    },
    cli: { command: 'credits', examples: ['tenon credits', 'tenon credits --json'] },
  },
})

export const listCreditEntries = defineOperation({
  name: 'credits.entries',
  summary: 'List entries of the ledger',
  description: 'Newest first. Entries are never changed or removed: their sum is the balance.',
  method: 'GET',
  path: '/v1/credits/{org}/entries',
  auth: 'key',
  scope: 'credits:read',
  tx: 'read',
  params,
  query: z.strictObject({
    run: runField.optional().describe('Only entries of this run'),
    kind: z.enum(ENTRY_KINDS).optional().describe('Only entries of this kind'),
    ...page,
  }),
  output: z.array(creditEntry),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'get_credits gives the balance; the ledger is for people and their books' },
    cli: {
      command: 'credits entries',
      examples: ['tenon credits entries', 'tenon credits entries --kind capture --limit 20'],
    },
  },
})

export const getCreditStatement = defineOperation({
  name: 'credits.statement',
  summary: 'Show what a run has cost',
  description: 'What the run has reserved, was charged and got back, with its entries.',
  method: 'GET',
  path: '/v1/credits/{org}/runs/{run}',
  auth: 'key',
  scope: 'credits:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, run: runField }),
  output: statement,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'get_run shows the credits of a run; the statement is for people and their books' },
    cli: {
      command: 'credits run',
      args: ['run'],
      examples: [
        'tenon credits run run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon credits run run_01jd2m5x8qf3v7w9y0z1a2b3c4 --json',
      ],
    },
  },
})

export const grantCredits = defineOperation({
  name: 'credits.grant',
  summary: 'Give credits',
  description: 'Needs the root key. A promotion, which may expire. The same `Idempotency-Key` gives once, for ever.',
  method: 'POST',
  path: '/v1/credits/{org}/grants',
  auth: 'root',
  scope: null,
  tx: 'write',
  params,
  body: z.strictObject({
    amount,
    note: z.string().min(1).max(200).describe('Why, for the people of the organisation'),
    expiresAt: timestamp.optional().describe('When what is left of it is lost; never when left out'),
  }),
  output: z.strictObject({ granted: z.boolean().describe('false: the key has given before'), available: z.int() }),
  idempotent: false,
  surfaces: {
    mcp: rootAlone,
    cli: {
      command: 'credits grant',
      examples: [
        `tenon credits grant --amount 500 --note 'for the beta' --org acme`,
        `tenon credits grant --amount 500 --note 'for the beta' --expires-at 2027-01-31T00:00:00Z --org acme`,
      ],
    },
  },
})

export const refundCredits = defineOperation({
  name: 'credits.refund',
  summary: 'Give back what a run was charged',
  description:
    'Needs the root key. At most what the run was charged and did not get back yet; what is given back does not expire. The same `Idempotency-Key` gives once, for ever.',
  method: 'POST',
  path: '/v1/credits/{org}/refunds',
  auth: 'root',
  scope: null,
  tx: 'write',
  params,
  body: z.strictObject({
    run: runField,
    amount,
    reason: z.string().min(1).max(200).describe('Why, for the people of the organisation'),
  }),
  output: z.strictObject({
    run: idSchema('run'),
    refunded: z.int().describe('In all, of this run'),
    available: z.int(),
  }),
  errors: ['refund_exceeds_charge'],
  idempotent: false,
  surfaces: {
    mcp: rootAlone,
    cli: {
      command: 'credits refund',
      args: ['run'],
      examples: [
        `tenon credits refund run_01jd2m5x8qf3v7w9y0z1a2b3c4 --amount 20 --reason 'a search failed' --org acme`,
        `tenon credits refund run_01jd2m5x8qf3v7w9y0z1a2b3c4 --amount 20 --reason 'a search failed' --org acme --json`,
      ],
    },
  },
})
