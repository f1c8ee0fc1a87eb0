import { z } from 'zod'
import { ERROR_CODES } from './errors.ts'
import { orgField, page, pageTokens, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { TIMEOUTS } from './timeouts.ts'

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

export const PRIORITIES = ['low', 'normal', 'high'] as const
export type Priority = (typeof PRIORITIES)[number]

export const WAITING_REASONS = ['paused', 'concurrency', 'retry', 'no_worker', 'turn'] as const
export type WaitingReason = (typeof WAITING_REASONS)[number]

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
  waiting: z
    .strictObject({
      reason: z
        .enum(WAITING_REASONS)
        .describe(
          'paused: until it is resumed; concurrency: the organisation or the run has as many parts under way as it may; retry: a failed part is tried again later; no_worker: no worker runs; turn: a free worker takes it next',
        ),
      until: timestamp.nullable().describe('When it is tried again; null when nobody knows'),
    })
    .nullable()
    .describe('Why nothing of the run is under way; null when it works or has ended'),
  credits: z
    .strictObject({
      reserved: z.int().describe('Still set aside'),
      captured: z.int().describe('Charged'),
      released: z.int().describe('Given back unused'),
    })
    .nullable()
    .describe('What the run costs; null for a free one'),
  priority: z.enum(PRIORITIES),
  pausedAt: timestamp.nullable(),
  schedule: idSchema('schedule').nullable().describe('The schedule that has started it'),
  archivedAt: timestamp.nullable().describe('When its parts were removed; from then on it can not be tried again'),
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

export const chunk = z.strictObject({
  step: z.enum(['plan', 'work', 'finish']),
  n: z.int().describe('Place among the parts of its step, from 0'),
  state: z.enum(['ready', 'claimed', 'done', 'failed', 'skipped']),
  tries: z.int().describe('Failed tries'),
  lost: z.int().describe('How often its worker was lost'),
  error: z
    .strictObject({ code: z.enum(ERROR_CODES as [(typeof ERROR_CODES)[number]]), message: z.string() })
    .nullable(),
  readyAt: timestamp.nullable().describe('When it may be claimed; null when it is not waiting'),
})
export type Chunk = z.output<typeof chunk>

/** Below the minute after which hosts of agents, and proxies, give up. */
export const MAX_WAIT_SECONDS = 50

export const runField = z.string().min(1).max(64).describe('Id of the run')

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
    maxTokens: pageTokens,
  }),
  output: z.array(run),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_runs',
      title: 'List runs',
      description:
        'Lists background runs of the organisation, such as indexing a repository, newest first: id, pipeline, status, progress, and the result or error of each that has ended. Use it to find a run whose id you do not have, or why an index is missing (status failed). To wait for a run whose id you have, use get_run. Follow meta.pagination.nextCursor for older ones.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: { command: 'runs list', examples: ['tenon runs list', 'tenon runs list --status failed'] },
  },
})

export const getRun = defineOperation({
  name: 'runs.get',
  summary: 'Show a run',
  description:
    'Status, progress and, once it has ended, what it did or why it failed. With `waitSeconds` the answer comes when the run has ended, and at the latest after so long, whatever its status is then.',
  method: 'GET',
  path: '/v1/runs/{org}/{run}',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  timeoutMs: TIMEOUTS.wait,
  params: z.strictObject({ org: orgField, run: runField }),
  query: z.strictObject({
    waitSeconds: z
      .int()
      .min(0)
      .max(MAX_WAIT_SECONDS)
      .default(0)
      .describe('Wait for the end of the run for so long at most; 0 answers at once'),
  }),
  output: run,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'get_run',
      title: 'Get a run',
      description:
        'Returns one background run by its id, as index_repository and run_pipeline give it: status, progress, and once it has ended its summary or error. Give waitSeconds (up to 50) to wait for the end instead of asking again and again; the answer comes as soon as the run has ended, and otherwise with the run as it is, so call it again while status is queued, planning, running or finishing. status succeeded or completed_with_errors means that the work can be used, for instance by search_code; failed has error; waiting says why nothing goes on. Use list_runs when you have no id.',
    },
    cli: {
      command: 'runs show',
      args: ['run'],
      examples: [
        'tenon runs show run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs show run_01jd2m5x8qf3v7w9y0z1a2b3c4 --wait-seconds 30',
      ],
    },
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
    cli: {
      command: 'runs logs',
      args: ['run'],
      examples: [
        'tenon runs logs run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs logs run_01jd2m5x8qf3v7w9y0z1a2b3c4 --level error',
      ],
    },
  },
})

const params = z.strictObject({ org: orgField, run: runField })
const priority = z.enum(PRIORITIES).default('normal').describe('Among the runs of the organisation')
const pipelineField = z.string().min(1).max(100).describe('`provider/domain/pipeline`, for instance `git/code/index`')
const pipelineInput = z
  .record(z.string(), z.unknown())
  .describe('What the pipeline works on, for instance {"repository": "tenon"} for `git/code/index`')
const noTool = { absent: 'people look after runs; an agent starts, follows and cancels them' } as const

export const startRun = defineOperation({
  name: 'runs.start',
  summary: 'Start a run',
  description: 'By the name of its pipeline. The answer comes when it is queued.',
  method: 'POST',
  path: '/v1/runs/{org}',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  quotas: ['concurrentRuns', 'runsPerDay'],
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({ pipeline: pipelineField, input: pipelineInput, priority }),
  output: run,
  status: 202,
  errors: ['unknown_pipeline', 'not_found'],
  idempotent: false,
  surfaces: {
    mcp: {
      tool: 'run_pipeline',
      title: 'Run a pipeline',
      description:
        'Starts a pipeline by its name, with the input that it wants, and answers at once with the run: call get_run with its id and waitSeconds until it has ended. Use it for `git/code/index` with {"repository": "<name>"} to bring the index of a repository that list_repositories shows up to date; use index_repository for one that it does not show. While a run of the same repository is under way, that run is answered.',
      openWorld: true,
    },
    cli: {
      command: 'runs start',
      args: ['pipeline'],
      examples: [
        `tenon runs start git/code/index --input '{"repository": "tenon"}'`,
        `tenon runs start git/code/index --input '{"repository": "tenon"}' --priority high --wait`,
      ],
    },
  },
})

export const cancelRun = defineOperation({
  name: 'runs.cancel',
  summary: 'Cancel a run',
  description:
    'Work under way is aborted and nothing of it is kept that was not kept before. Cancelling it again changes nothing.',
  method: 'POST',
  path: '/v1/runs/{org}/{run}/cancel',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params,
  output: run,
  errors: ['run_ended'],
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: {
      tool: 'cancel_run',
      title: 'Cancel a run',
      description:
        'Stops one background run by its id for good; what it has done so far is not kept, and an index stays as it was before. Use it only when the user asks for it, or for a run that you have started by mistake. Returns the run. A run that has ended answers run_ended.',
    },
    cli: {
      command: 'runs cancel',
      args: ['run'],
      examples: [
        'tenon runs cancel run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs cancel run_01jd2m5x8qf3v7w9y0z1a2b3c4 --yes',
      ],
    },
  },
})

export const cancelRuns = defineOperation({
  name: 'runs.cancelMany',
  summary: 'Cancel all runs that fit',
  description:
    'At least one filter has to be given; runs that have ended stay as they are. Cancels up to 1,000 at once.',
  method: 'POST',
  path: '/v1/runs/{org}/cancel',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    pipeline: pipelineField.optional().describe('Only runs of this pipeline'),
    subject: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Only runs that work on this, for instance the id of a repository'),
    schedule: z.string().min(1).max(64).optional().describe('Only runs that this schedule has started'),
    createdBefore: timestamp.optional().describe('Only runs that were started before'),
  }),
  output: z.strictObject({ cancelled: z.int(), runs: z.array(idSchema('run')) }),
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'runs cancel-many',
      examples: [
        'tenon runs cancel-many --pipeline git/code/index',
        'tenon runs cancel-many --created-before 2026-01-31T00:00:00Z --yes',
      ],
    },
  },
})

export const retryRun = defineOperation({
  name: 'runs.retry',
  summary: 'Try an ended run again',
  description:
    'Its failed parts are done again, or all of them; results of the others stay. A run that succeeded is only tried again as a whole. Its parts are kept for an hour after its end.',
  method: 'POST',
  path: '/v1/runs/{org}/{run}/retry',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  quotas: ['concurrentRuns', 'runsPerDay'],
  params,
  body: z.strictObject({ parts: z.enum(['failed', 'all']).default('failed').describe('Which parts are done again') }),
  output: run,
  status: 202,
  errors: ['run_not_ended', 'run_archived', 'run_conflict', 'nothing_to_retry'],
  idempotent: false,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'runs retry',
      args: ['run'],
      examples: [
        'tenon runs retry run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs retry run_01jd2m5x8qf3v7w9y0z1a2b3c4 --parts all --wait',
      ],
    },
  },
})

export const listChunks = defineOperation({
  name: 'runs.chunks',
  summary: "List a run's parts",
  description:
    'Plan, work and finish, each with its state and why it failed. Removed an hour after the end of the run, but for those that failed.',
  method: 'GET',
  path: '/v1/runs/{org}/{run}/chunks',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params,
  query: z.strictObject({ state: chunk.shape.state.optional().describe('Only parts in this state'), ...page }),
  output: z.array(chunk),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'runs chunks',
      args: ['run'],
      examples: [
        'tenon runs chunks run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs chunks run_01jd2m5x8qf3v7w9y0z1a2b3c4 --state failed',
      ],
    },
  },
})

/** What `runs.events` sends: the run whenever it has changed, and each new line of its log. */
export const runEvent = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), run }),
  z.strictObject({ type: z.literal('log'), log: runLog }),
])
export type RunEvent = z.output<typeof runEvent>

export const watchRun = defineOperation({
  name: 'runs.events',
  summary: 'Follow a run',
  description:
    'Server-sent events until the run has ended: `run` with the run whenever it has changed, `log` with each new line of its log. `Last-Event-ID` goes on where another stream has stopped.',
  method: 'GET',
  path: '/v1/runs/{org}/{run}/events',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params,
  output: runEvent,
  kind: 'events',
  idempotent: true,
  surfaces: { mcp: noTool, cli: { absent: '`tenon runs watch` follows a run by it' } },
})
