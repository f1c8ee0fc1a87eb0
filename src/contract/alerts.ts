import { z } from 'zod'
import { orgField, page, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'

/** What is counted per organisation and hour. Up to `floor` of it in an hour is never unusual. */
export const METRICS = {
  creditsUsed: { what: 'Credits that runs have used', floor: 500 },
  runsStarted: { what: 'Runs started', floor: 100 },
  refusedKeys: { what: 'Calls refused since the key has ended or lacks the scope', floor: 25 },
  foreignIds: { what: 'Calls that name another organisation', floor: 10 },
  unknownNames: { what: 'Calls that name a pipeline or a provider that there is not', floor: 25 },
} as const satisfies Record<string, { readonly what: string; readonly floor: number }>
export type Metric = keyof typeof METRICS

const metric = z.enum(Object.keys(METRICS) as [Metric])
const count = z.int().min(0)

export const alert = z.strictObject({
  id: idSchema('alert'),
  metric,
  hour: timestamp.describe('When the hour began'),
  count: count.describe('What it had come to when the alert was raised'),
  usual: count.describe('Median of the hours before that had some of it'),
  threshold: count.describe('Above this it is unusual'),
  raisedAt: timestamp,
  webhook: z.enum(['none', 'pending', 'delivered', 'failed']).describe("Whether the operator's webhook has been told"),
})
export type Alert = z.output<typeof alert>

export const listAlerts = defineOperation({
  name: 'alerts.list',
  summary: 'List alerts',
  description:
    'Hours in which the organisation used far more than it usually does, or was probed: newest first, one for each metric and hour. They are kept for 90 days.',
  method: 'GET',
  path: '/v1/alerts/{org}',
  auth: 'key',
  scope: 'findings:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({ metric: metric.optional().describe('Only alerts of this metric'), ...page }),
  output: z.array(alert),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'people look after unusual use; an agent that is refused is told by its error' },
    cli: { command: 'alerts', examples: ['tenon alerts', 'tenon alerts --metric creditsUsed'] },
  },
})
