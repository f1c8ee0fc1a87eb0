import { z } from 'zod'
import { orgField } from '../../src/contract/fields.ts'
import { defineOperation } from '../../src/contract/operation.ts'

const tally = z.strictObject({ pipeline: z.string(), runs: z.int(), failed: z.int() })

export const tallyRuns = defineOperation({
  name: 'runs.tally',
  summary: 'Count runs by pipeline',
  description: 'Of each pipeline, how many runs began in the last days and how many of them failed.',
  method: 'GET',
  path: '/v1/run-tally/{org}',
  auth: 'key',
  scope: 'runs:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({ days: z.int().min(1).max(90).default(7).describe('Days to look back') }),
  output: z.array(tally),
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'tally_runs',
      title: 'Count runs by pipeline',
      description:
        'Counts the runs of the last days by pipeline, with how many failed. Use it to see which kind of work fails often; use list_runs for the runs themselves.',
    },
    cli: { command: 'runs tally', examples: ['tenon runs tally', 'tenon runs tally --days 30'] },
  },
})
