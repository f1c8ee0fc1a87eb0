import { z } from 'zod'
import { orgField, timestamp } from './fields.ts'
import { defineOperation } from './operation.ts'
import { planName } from './plans.ts'

const count = z.int().min(0).max(2_000_000_000)

const limits = z.strictObject({
  callsPerHour: count.describe('API calls per UTC hour, over all keys'),
  callsPerDay: count.describe('API calls per UTC day, over all keys'),
  concurrentRuns: count.describe('Runs that have not ended'),
  activeChunks: count.describe('Parts of all runs that workers have under way at once; more wait'),
  runsPerDay: count.describe('Runs started per UTC day'),
  repositories: count.describe('Repositories that are not deleted'),
  integrations: count.describe('Connections to systems of others'),
  seats: count.describe('Members, and invitations that are open'),
})
const used = limits.omit({ activeChunks: true })

const orgLimits = z.strictObject({
  plan: planName.describe('The plan in force: the larger of what the operator has given and what is subscribed to'),
  operatorPlan: planName.describe('What the operator has given'),
  subscribedPlan: planName.nullable().describe('What is subscribed to; null without a subscription'),
  creditsPerMonth: count.describe('Credits that the plan gives in each month'),
  limits,
  overridden: z
    .array(z.enum(Object.keys(limits.shape) as [keyof typeof limits.shape]))
    .describe('Limits that the operator has set in place of those of the plan'),
  used: used.describe('What is used of each'),
  over: z
    .array(z.enum(Object.keys(used.shape) as [keyof typeof used.shape]))
    .describe(
      'Of what more is used than allowed, as after a smaller plan: all of it stays, and nothing is added to it',
    ),
  resetsAt: z.strictObject({ hour: timestamp, day: timestamp }).describe('When the hourly and daily counts begin anew'),
})

export const getLimits = defineOperation({
  name: 'limits.get',
  summary: 'Show plan, limits and use',
  description: 'What the plan allows, and what is used of it. This call is counted as well.',
  method: 'GET',
  path: '/v1/limits/{org}',
  auth: 'key',
  scope: 'limits:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  output: orgLimits,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'an agent learns of a limit by the error that names it' },
    cli: { command: 'limits', examples: ['tenon limits', 'tenon limits --json'] },
  },
})

const override = (limit: keyof typeof limits.shape) =>
  count
    .nullable()
    .optional()
    .describe(limits.shape[limit].description ?? '')

export const setLimits = defineOperation({
  name: 'limits.set',
  summary: "Set an organisation's plan and limits",
  description:
    'Needs the root key. A limit takes the place of that of the plan; null gives it back to the plan; what is left out stays.',
  method: 'PATCH',
  path: '/v1/limits/{org}',
  auth: 'root',
  scope: null,
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    plan: planName.optional().describe('Plan that the operator gives'),
    callsPerHour: override('callsPerHour'),
    callsPerDay: override('callsPerDay'),
    concurrentRuns: override('concurrentRuns'),
    activeChunks: count
      .min(1)
      .nullable()
      .optional()
      .describe(limits.shape.activeChunks.description ?? ''),
    runsPerDay: override('runsPerDay'),
    repositories: override('repositories'),
    integrations: override('integrations'),
    seats: override('seats'),
  }),
  output: orgLimits,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'the root key stays on the server side and is never given to an agent' },
    cli: {
      command: 'orgs set-limits',
      args: ['org'],
      examples: [
        'tenon orgs set-limits acme --plan solo',
        'tenon orgs set-limits acme --repositories 200 --no-runs-per-day',
      ],
    },
  },
})
