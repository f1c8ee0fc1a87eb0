import { z } from 'zod'
import { orgField, page, timestamp } from './fields.ts'
import { ERROR_CODES } from './errors.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { PRIORITIES } from './runs.ts'

const cron = z
  .string()
  .min(9)
  .max(120)
  .describe('Five fields (minute, hour, day of month, month, day of week), for instance `0 4 * * *`')
const timeZone = z.string().min(1).max(64).default('UTC').describe('IANA name of the time zone that the fields are in')
const jitterSeconds = z
  .int()
  .min(0)
  .max(3_600)
  .default(60)
  .describe('Each start is put off by up to so many seconds, so that not all start at once')
const pipeline = z.string().min(1).max(100).describe('`provider/domain/pipeline`, for instance `git/code/index`')
const input = z.record(z.string(), z.unknown()).describe('What the pipeline works on')
const priority = z.enum(PRIORITIES).default('normal').describe('Of the runs that it starts')
const name = z.string().trim().min(1).max(80)

export const schedule = z.strictObject({
  id: idSchema('schedule'),
  name,
  pipeline: z.string(),
  input: z.record(z.string(), z.unknown()),
  cron: z.string(),
  timeZone: z.string(),
  jitterSeconds: z.int(),
  priority: z.enum(PRIORITIES),
  enabled: z.boolean(),
  createdAt: timestamp,
  nextAt: timestamp.nullable().describe('When it starts a run next; null when it is not enabled'),
  lastAt: timestamp.nullable(),
  lastRun: idSchema('run').nullable(),
  lastError: z
    .strictObject({ code: z.enum(ERROR_CODES as [(typeof ERROR_CODES)[number]]), message: z.string() })
    .nullable()
    .describe('Why nothing was started the last time'),
})
export type Schedule = z.output<typeof schedule>

const noTool = { absent: 'people decide what runs by itself' } as const
const scheduleField = z.string().min(1).max(80).describe('Id or name of the schedule')
const params = z.strictObject({ org: orgField, schedule: scheduleField })

export const createSchedule = defineOperation({
  name: 'schedules.create',
  summary: 'Start runs by the clock',
  description:
    'A time that was missed while no worker ran is made up for once. A start that a quota refuses is noted and tried again at the next time.',
  method: 'POST',
  path: '/v1/schedules/{org}',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    name: name.describe('Name of the schedule; no other has it'),
    pipeline,
    input,
    cron,
    timeZone,
    jitterSeconds,
    priority,
    enabled: z.boolean().default(true).describe('Whether it starts runs'),
  }),
  output: schedule,
  status: 201,
  errors: ['schedule_exists', 'unknown_pipeline', 'too_many_schedules'],
  idempotent: false,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'schedules create',
      args: ['name'],
      examples: [
        `tenon schedules create nightly --pipeline git/code/index --input '{"repository": "tenon"}' --cron '0 4 * * *'`,
        `tenon schedules create weekly --pipeline git/code/index --input '{"repository": "api"}' --cron '0 6 * * 1' --time-zone Europe/Berlin`,
      ],
    },
  },
})

export const listSchedules = defineOperation({
  name: 'schedules.list',
  summary: 'List schedules',
  description: 'By name, each with its next time and how the last went.',
  method: 'GET',
  path: '/v1/schedules/{org}',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject(page),
  output: z.array(schedule),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: noTool,
    cli: { command: 'schedules list', examples: ['tenon schedules list', 'tenon schedules list --json'] },
  },
})

export const updateSchedule = defineOperation({
  name: 'schedules.update',
  summary: 'Change a schedule',
  description: 'What is left out stays. A schedule that is not enabled starts nothing.',
  method: 'PATCH',
  path: '/v1/schedules/{org}/{schedule}',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params,
  body: z.strictObject({
    cron: cron.optional(),
    timeZone: z.string().min(1).max(64).optional().describe('IANA name of the time zone that the fields are in'),
    jitterSeconds: z.int().min(0).max(3_600).optional().describe('Each start is put off by up to so many seconds'),
    priority: z.enum(PRIORITIES).optional().describe('Of the runs that it starts'),
    enabled: z.boolean().optional().describe('Whether it starts runs'),
    input: input.optional(),
  }),
  output: schedule,
  idempotent: true,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'schedules update',
      args: ['schedule'],
      examples: [
        'tenon schedules update nightly --enabled false',
        `tenon schedules update nightly --cron '30 5 * * 1-5' --time-zone Europe/Berlin`,
      ],
    },
  },
})

export const deleteSchedule = defineOperation({
  name: 'schedules.delete',
  summary: 'Delete a schedule',
  description: 'Runs that it has started go on.',
  method: 'DELETE',
  path: '/v1/schedules/{org}/{schedule}',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params,
  output: z.strictObject({ id: idSchema('schedule'), name: z.string(), deleted: z.literal(true) }),
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: noTool,
    cli: {
      command: 'schedules delete',
      args: ['schedule'],
      examples: ['tenon schedules delete nightly', 'tenon schedules delete nightly --yes'],
    },
  },
})
