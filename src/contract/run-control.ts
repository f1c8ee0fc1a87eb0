import { z } from 'zod'
import { orgField } from './fields.ts'
import { defineOperation } from './operation.ts'
import { run, runField } from './runs.ts'

const params = z.strictObject({ org: orgField, run: runField })

export const pauseRun = defineOperation({
  name: 'runs.pause',
  summary: 'Pause a run',
  description:
    'What is under way ends; nothing more of it is begun until it is resumed. Pausing it again changes nothing.',
  method: 'POST',
  path: '/v1/runs/{org}/{run}/pause',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params,
  output: run,
  errors: ['run_ended'],
  idempotent: true,
  surfaces: {
    mcp: { absent: 'people decide what waits' },
    cli: {
      command: 'runs pause',
      args: ['run'],
      examples: [
        'tenon runs pause run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs pause run_01jd2m5x8qf3v7w9y0z1a2b3c4 --json',
      ],
    },
  },
})

export const resumeRun = defineOperation({
  name: 'runs.resume',
  summary: 'Resume a paused run',
  description: 'It goes on where it was paused. Resuming a run that is not paused changes nothing.',
  method: 'POST',
  path: '/v1/runs/{org}/{run}/resume',
  auth: 'key',
  scope: 'runs:write',
  tx: 'write',
  params,
  output: run,
  errors: ['run_ended'],
  idempotent: true,
  surfaces: {
    mcp: { absent: 'people decide what waits' },
    cli: {
      command: 'runs resume',
      args: ['run'],
      examples: [
        'tenon runs resume run_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon runs resume run_01jd2m5x8qf3v7w9y0z1a2b3c4 --json',
      ],
    },
  },
})
