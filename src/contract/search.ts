import { z } from 'zod'
import { repositoryField } from './code.ts'
import { orgField, page } from './fields.ts'
import { defineOperation } from './operation.ts'

export const searchMatch = z.strictObject({
  repository: z.string().describe('Name of the repository'),
  path: z.string(),
  line: z.int().describe('From 1'),
  column: z.int().describe('Of the first occurrence in the line, from 1, in UTF-16 code units'),
  snippet: z.string().describe('The line, or the part of a long line around the first occurrence'),
  ranges: z
    .array(z.strictObject({ start: z.int(), end: z.int() }))
    .describe('Where the occurrences stand in the snippet: UTF-16 code units, end exclusive'),
})
export type SearchMatch = z.output<typeof searchMatch>

export const searchCode = defineOperation({
  name: 'search.code',
  summary: 'Search code',
  description:
    'Finds the lines of the indexed commits that contain a text. Sorted by repository, path and line. Only completely indexed commits are searched.',
  method: 'GET',
  path: '/v1/search/{org}',
  auth: 'key',
  scope: 'search:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({
    q: z
      .string()
      .min(1)
      .max(1000)
      .refine((text) => !/[\r\n]/.test(text), 'One line of text')
      .describe('The text to find, taken literally'),
    case: z.enum(['insensitive', 'sensitive']).default('insensitive').describe('Whether case matters'),
    repository: repositoryField.optional().describe('Only this repository, by id or name'),
    ...page,
  }),
  output: z.strictObject({
    matches: z.array(searchMatch),
    total: z.int().describe('Matching lines in all; a lower bound when truncated is true'),
    truncated: z.boolean().describe('There were more files with matches than are counted'),
    tookMs: z.number(),
  }),
  paginated: true,
  errors: ['not_found'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'search_code',
      title: 'Search code',
      description:
        'Finds lines that contain a literal text (case-insensitive by default) in the indexed repositories of the organisation. Returns repository, path, line, column and the line itself, with the total. Use it to find where a name, string or message occurs; narrow it with repository; follow meta.pagination.nextCursor for more.',
    },
    cli: {
      command: 'search',
      args: ['q'],
      examples: ['tenon search defineOperation', 'tenon search "TODO" --repository tenon --case sensitive --limit 10'],
    },
  },
})
