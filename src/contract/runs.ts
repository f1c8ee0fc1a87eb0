import { z } from 'zod'
import { ERROR_CODES } from './errors.ts'
import { orgField, page, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'

export const RUN_STATUSES = [
  'queued',
  'planning',
  'running',
  'finishing',
  'succeeded',
  'completed_with_errors',
  'failed',
  'cancelled',
] as const
export type RunStatus = (typeof RUN_STATUSES)[number]
export const ENDED_STATUSES = [
  'succeeded',
  'completed_with_errors',
  'failed',
  'cancelled',
] as const satisfies RunStatus[]

export function isEnded(status: RunStatus): boolean {
  return (ENDED_STATUSES as readonly RunStatus[]).includes(status)
}

export const run = z.strictObject({
  id: idSchema('run'),
  pipeline: z.string().describe('`provider/domain/pipeline`, for instance `git/code/index`'),
  status: z.enum(RUN_STATUSES),
  /** What the run works on, for instance the id of a repository. */
  subject: z.string().nullable().describe('Id of what the run works on'),
  progress: z.strictObject({
    chunksTotal: z.int().nullable().describe('null until the run is planned'),
    chunksDone: z.int(),
    chunksFailed: z.int(),
  }),
  summary: z
    .record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]))
    .nullable()
    .describe('What the run did, once it ended'),
  error: z
    .strictObject({ code: z.enum(ERROR_CODES as [(typeof ERROR_CODES)[number]]), message: z.string() })
    .nullable()
    .describe('Why the run failed; null unless it did'),
  waiting: z.string().nullable().describe('What the run waits for; null when it works or has ended'),
  requestId: z.string(),
  createdAt: timestamp,
  startedAt: timestamp.nullable(),
  endedAt: timestamp.nullable(),
})
export type Run = z.output<typeof run>

export const LOG_LEVELS = ['info', 'warn', 'error'] as const
export const runLog = z.strictObject({
  at: timestamp,
  level: z.enum(LOG_LEVELS),
  message: z.string(),
})
export type RunLog = z.output<typeof runLog>

const runField = z.string().min(1).max(64).describe('Id of the run')

export const listRuns = defineOperation({
  name: 'runs.list',
  summary: 'List runs',
  description: 'Newest first, each with its latest progress.',
  method: 'GET',
  path: '/v1/runs/{org}',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({
    status: z.enum(RUN_STATUSES).optional().describe('Only runs in this state'),
    pipeline: z.string().min(1).max(100).optional().describe('Only runs of this pipeline'),
    ...page,
  }),
  output: z.array(run),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_runs',
      title: 'List runs',
      description:
        'Lists background runs of the organisation (such as indexing a repository), newest first, with status and progress. Use it to find a run whose id you do not have; use get_run to follow one.',
    },
    cli: { command: 'runs list', examples: ['tenon runs list', 'tenon runs list --status failed'] },
  },
})

export const getRun = defineOperation({
  name: 'runs.get',
  summary: 'Show a run',
  description: 'Status, progress and, once it has ended, what it did or why it failed.',
  method: 'GET',
  path: '/v1/runs/{org}/{run}',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, run: runField }),
  output: run,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'get_run',
      title: 'Get a run',
      description:
        'Returns status, progress and result of one background run by its id, as index_repository gave it. Poll it after 1, 2, 4, 8, then every 15 seconds until status is succeeded, completed_with_errors, failed or cancelled.',
    },
    cli: { command: 'runs show', args: ['run'], examples: ['tenon runs show run_01jd2m5x8qf3v7w9y0z1a2b3c4'] },
  },
})

export const listRunLogs = defineOperation({
  name: 'runs.logs',
  summary: "Read a run's log",
  description: 'Oldest first. Secrets and personal data are masked before a line is stored.',
  method: 'GET',
  path: '/v1/runs/{org}/{run}/logs',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, run: runField }),
  query: z.strictObject({ level: z.enum(LOG_LEVELS).optional().describe('Only lines of this level'), ...page }),
  output: z.array(runLog),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'get_run gives the outcome and the reason of a failure; the log is for people' },
    cli: { command: 'runs logs', args: ['run'], examples: ['tenon runs logs run_01jd2m5x8qf3v7w9y0z1a2b3c4'] },
  },
})
