import { z } from 'zod'
import { repositoryField } from './code.ts'
import { maxTokens, orgField, page, pageTokens, timestamp } from './fields.ts'
import { LANGUAGES, SYMBOL_KINDS } from './languages.ts'
import { defineOperation } from './operation.ts'
import { projectField } from './projects.ts'

export const searchMatch = z.strictObject({
  repository: z.string().describe('Name of the repository'),
  path: z.string(),
  line: z.int().describe('From 1'),
  column: z.int().describe('Of the first occurrence in the line, from 1, in UTF-16 code units'),
  snippet: z
    .string()
    .describe('The line, or the part of a long line around the first occurrence; secrets are masked by stars'),
  ranges: z
    .array(z.strictObject({ start: z.int(), end: z.int() }))
    .describe('Where the occurrences stand in the snippet: UTF-16 code units, end exclusive'),
  symbol: z
    .strictObject({ name: z.string(), kind: z.enum(SYMBOL_KINDS) })
    .optional()
    .describe('What the line defines, when it defines what is looked for'),
})
export type SearchMatch = z.output<typeof searchMatch>

/** Longest glob, in UTF-16 code units. */
const MAX_GLOB = 300

const languageField = z.enum(LANGUAGES)

export const searchCode = defineOperation({
  name: 'search.code',
  summary: 'Search code',
  description:
    'Finds the lines of the indexed commits that have a text, or match a regular expression. Definitions of the symbol that is looked for come first, then what looks like one, then whole words, then parts of words; of equal ones sources before tests before built files, then by repository, path and line. The first 1,000 lines or more that are found are ranked together; further ones follow by `meta.pagination.nextCursor`. Only completely indexed commits are searched.',
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
      .optional()
      .describe(
        'What to find in a line. May begin with `symbol:NAME`, which means the same as `symbol` unless `mode` is regex; may be left out beside it',
      ),
    symbol: z
      .string()
      .min(1)
      .max(300)
      .regex(/^[^\s*]+\*?$/, 'A name without spaces; only its end may be a `*`')
      .optional()
      .describe(
        'Only lines that define a symbol of this name, as in `createApp`, `App.listen` or `create*`; known for TypeScript, JavaScript and Python',
      ),
    mode: z
      .enum(['literal', 'regex'])
      .default('literal')
      .describe(
        'Whether `q` is taken literally or as an ECMAScript regular expression, which sees one line at a time; look-around and backreferences are refused',
      ),
    case: z.enum(['insensitive', 'sensitive']).default('insensitive').describe('Whether case matters'),
    repository: repositoryField.optional().describe('Only this repository, by id or name'),
    project: projectField.optional().describe('Only the repositories of this project, by id or name'),
    language: languageField.optional().describe('Only files of this language'),
    path: z
      .string()
      .min(1)
      .max(MAX_GLOB)
      .optional()
      .describe(
        'Only files whose path matches this glob, as in `src/**/*.ts`; without a slash it is about the name alone; `!` before it turns it round',
      ),
    ...page,
    maxTokens: pageTokens,
  }),
  output: z.strictObject({
    matches: z.array(searchMatch),
    total: z.int().describe('Matching lines in all; those that were looked at so far when truncated is true'),
    truncated: z.boolean().describe('There are more matching lines, or more to look through'),
    unsearched: z
      .array(z.string())
      .describe('Names of repositories that could not be searched: a part of their index was lost and is built again'),
    tookMs: z.number(),
  }),
  paginated: true,
  errors: ['not_found', 'search_too_slow'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'search_code',
      title: 'Search code',
      description:
        'Finds lines that have a literal text (case-insensitive by default) or match a regular expression (mode: regex) in the indexed repositories of the organisation, definitions first. Returns repository, path, line, column and the line itself, with the total. Use it to find where a name, string or message occurs; give symbol instead of q, or beside it, for definitions only; narrow it with repository, project, language or path rather than reading page after page; read around a match with get_file. For who imports a file or uses a symbol, search_dependencies is exact where text is not. One of q and symbol is needed. No match in a repository that list_repositories does not show as ready means nothing. Follow meta.pagination.nextCursor for more.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: {
      command: 'search',
      args: ['q'],
      description:
        'Finds the lines of the indexed commits that have a text, or match a regular expression. Definitions of the symbol that is looked for come first, then what looks like one, then whole words, then parts of words; of equal ones sources before tests before built files. Only completely indexed commits are searched.',
      examples: [
        'tenon search defineOperation',
        'tenon search --symbol defineOperation',
        'tenon search "TODO" --repository tenon --case sensitive --limit 10',
        "tenon search 'create\\w+Error\\(' --mode regex --language typescript --path 'src/**'",
      ],
    },
  },
})

const MAX_LINES = 5_000

export const getFile = defineOperation({
  name: 'repositories.file',
  summary: 'Show a file',
  description:
    'The text of a file of the indexed commit, or some of its lines; at most 5,000 lines and about 400,000 characters at once. Secrets are masked by stars.',
  method: 'GET',
  path: '/v1/repositories/{org}/{repository}/files',
  auth: 'key',
  scope: 'search:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, repository: repositoryField }),
  query: z.strictObject({
    path: z.string().min(1).max(4096).describe('Path from the root of the repository'),
    from: z.int().min(1).default(1).describe('First line, from 1'),
    lines: z.int().min(1).max(MAX_LINES).default(MAX_LINES).describe('How many lines at most'),
    maxTokens,
  }),
  output: z.strictObject({
    repository: z.string().describe('Name of the repository'),
    commit: z.string(),
    path: z.string(),
    language: languageField.nullable(),
    sizeBytes: z.int().describe('Of the whole file'),
    totalLines: z.int(),
    from: z.int().describe('First line of the text'),
    to: z.int().describe('Last line of the text; one less than `from` when there are none'),
    truncated: z.boolean().describe('There are more lines behind the last one'),
    encoding: z.enum(['utf-8', 'windows-1252']).describe('Of the file; the text is UTF-8 in any case'),
    maskedSecrets: z.int().describe('How many secrets are masked in the whole file'),
    text: z.string(),
  }),
  errors: ['not_found', 'index_incomplete', 'search_too_slow'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'get_file',
      title: 'Get a file',
      description:
        'Returns the text of one file of an indexed repository at the indexed commit, or some lines of it (from, lines). Use it after search_code, search_dependencies or list_recent_files to read around a line. Give only the lines that you need: without `lines` it gives 400, or fewer long ones. `truncated` says that there are more: go on with from = to + 1. Secrets are masked by stars. A path that does not exist answers not_found: find it with search_code.',
      defaults: { lines: 400, maxTokens: 8000 },
    },
    cli: {
      command: 'repos file',
      args: ['repository', 'path'],
      examples: ['tenon repos file tenon src/app/bin.ts', 'tenon repos file tenon README.md --from 10 --lines 20'],
    },
  },
})

export const recentFile = z.strictObject({
  path: z.string(),
  language: languageField.nullable(),
  sizeBytes: z.int(),
  lines: z.int(),
  commit: z.string().describe('Last commit that is known to have changed the file'),
  changedAt: timestamp.describe('When that commit was made, UTC'),
})
export type RecentFile = z.output<typeof recentFile>

export const listRecentFiles = defineOperation({
  name: 'repositories.recentFiles',
  summary: 'List recently changed files',
  description:
    'Files of the indexed commit that were changed by its newest 50 commits or since the repository is indexed, the newest change first.',
  method: 'GET',
  path: '/v1/repositories/{org}/{repository}/recent-files',
  auth: 'key',
  scope: 'search:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, repository: repositoryField }),
  query: z.strictObject({
    language: languageField.optional().describe('Only files of this language'),
    ...page,
    maxTokens: pageTokens,
  }),
  output: z.array(recentFile),
  paginated: true,
  errors: ['not_found'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_recent_files',
      title: 'List recently changed files',
      description:
        'Lists the files of an indexed repository that changed most recently, with the commit and time of the last change. Use it to see what is being worked on, before search_code or get_file; it does not tell what was changed. Follow meta.pagination.nextCursor for older changes.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: {
      command: 'repos recent',
      args: ['repository'],
      examples: ['tenon repos recent tenon', 'tenon repos recent tenon --language typescript --limit 10'],
    },
  },
})
