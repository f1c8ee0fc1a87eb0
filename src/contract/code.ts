import { z } from 'zod'
import { orgField, page, pageTokens, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'
import { run } from './runs.ts'

export const repository = z.strictObject({
  id: idSchema('repo'),
  name: z.string(),
  source: z.string().describe('Address that it is fetched from'),
  ref: z.string().nullable().describe('Branch, tag or commit that was asked for; null for the default branch'),
  status: z
    .enum(['pending', 'indexing', 'ready', 'failed'])
    .describe('`ready` also while it is indexed again: the commit indexed before stays searchable'),
  indexedCommit: z.string().nullable(),
  indexedAt: timestamp.nullable(),
  files: z.int().describe('Indexed files of that commit'),
  sizeBytes: z.int().describe('Size of those files'),
  hasToken: z.boolean().describe('Whether it is fetched with a token that is kept for it'),
  latestRun: idSchema('run').nullable(),
  createdAt: timestamp,
})
export type Repository = z.output<typeof repository>

const repositoryName = z
  .string()
  .min(1)
  .max(100)
  .regex(
    /^[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:\/[A-Za-z0-9_.-]+)*$/,
    'Letters, digits, dots, hyphens, underscores and slashes',
  )
  .refine((name) => !name.startsWith('repo_'), 'A name does not begin like an id')
export const repositoryField = z.string().min(1).max(100).describe('Id or name of the repository')
const source = z
  .string()
  .min(1)
  .max(2048)
  .describe('URL over https, `owner/name`, or the absolute path of a local folder that the server allows')
const ref = z.string().min(1).max(255).describe('Branch, tag or commit; the default branch when left out')

const token = z
  .string()
  .min(1)
  .max(4096)
  .regex(/^[\x21-\x7e]+$/, 'Visible ASCII characters without spaces')
  .nullable()
  .describe('Access token for a private repository over https, kept sealed; `null` forgets the one that is kept')
const username = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[\x20-\x39\x3b-\x7e]+$/, 'Visible ASCII characters but the colon')
  .describe('Sent beside the token; `x-access-token` when left out')

const SOURCE_ERRORS = [
  'source_invalid',
  'source_forbidden',
  'source_not_a_repository',
  'source_unreachable',
  'source_denied',
  'source_damaged',
  'ref_not_found',
  'repository_empty',
  'repository_too_large',
  'git_missing',
] as const

const started = z.strictObject({ repository, run })

export const addRepository = defineOperation({
  name: 'repositories.add',
  summary: 'Add a repository and index it',
  description:
    'Checks that the address can be read, then indexes it in the background: follow `data.run`. The same source under the same name is indexed again, with the token that is kept for it unless another is given; under another name it is a second repository.',
  method: 'POST',
  path: '/v1/repositories/{org}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  quotas: ['runsPerDay'],
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    source,
    ref: ref.optional(),
    name: repositoryName.optional().describe('Taken from the source when left out'),
    token: token.optional(),
    username: username.optional(),
  }),
  output: started,
  status: 202,
  errors: [...SOURCE_ERRORS, 'repository_exists', 'master_key_missing'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'index_repository',
      title: 'Index a repository',
      description:
        'Indexes a git repository in the background so that search_code and the other tools can answer about it. Use list_repositories first to see what is indexed already; call it again with the same source to bring an index up to date, which reads only what has changed. Answers at once with the repository and a run: call get_run with run.id and waitSeconds 50 until it has ended, then search. While it runs, the commit indexed before stays searchable.',
      openWorld: true,
    },
    cli: {
      command: 'repos add',
      description:
        'Checks that the address can be read, then indexes it in the background; --wait follows it. The same source under the same name is indexed again, with the token that is kept for it unless another is given; under another name it is a second repository.',
      args: ['source'],
      examples: [
        'tenon repos add honojs/hono --wait',
        'tenon repos add https://git.example.org/team/api.git --ref main --name api',
        'tenon repos add acme/private --token - < token.txt',
      ],
      secret: 'token',
    },
  },
})

export const listRepositories = defineOperation({
  name: 'repositories.list',
  summary: 'List repositories',
  description: 'By name, each with the commit that is searchable.',
  method: 'GET',
  path: '/v1/repositories/{org}',
  auth: 'key',
  scope: 'repositories:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({ ...page, maxTokens: pageTokens }),
  output: z.array(repository),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_repositories',
      title: 'List repositories',
      description:
        'Lists the repositories of the organisation by name, each with its source, status (ready means searchable), indexed commit and number of files. Use it first, to learn the names that other tools take as repository and whether an index is there; use list_projects for groups of them. What is not listed is added by index_repository. Follow meta.pagination.nextCursor for more.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: { command: 'repos list', examples: ['tenon repos list', 'tenon repos list --quiet --limit 200'] },
  },
})

export const getRepository = defineOperation({
  name: 'repositories.get',
  summary: 'Show a repository',
  description: 'By id or name.',
  method: 'GET',
  path: '/v1/repositories/{org}/{repository}',
  auth: 'key',
  scope: 'repositories:read',
  tx: 'read',
  params: z.strictObject({ org: orgField, repository: repositoryField }),
  output: repository,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'list_repositories gives the same of every repository' },
    cli: {
      command: 'repos show',
      args: ['repository'],
      examples: ['tenon repos show tenon', 'tenon repos show honojs/hono --json'],
    },
  },
})

export const reindexRepository = defineOperation({
  name: 'repositories.reindex',
  summary: 'Index a repository again',
  description: 'Fetches the newest commit and reads only what changed. While a run is under way, that run is answered.',
  method: 'POST',
  path: '/v1/repositories/{org}/{repository}/reindex',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  quotas: ['runsPerDay'],
  params: z.strictObject({ org: orgField, repository: repositoryField }),
  output: started,
  status: 202,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'index_repository with the same source does this' },
    cli: {
      command: 'repos reindex',
      args: ['repository'],
      examples: ['tenon repos reindex tenon --wait', 'tenon repos reindex honojs/hono'],
    },
  },
})

export const deleteRepository = defineOperation({
  name: 'repositories.delete',
  summary: 'Delete a repository',
  description:
    'It can not be found any more at once; its files are removed in the background. Running work on it is stopped.',
  method: 'DELETE',
  path: '/v1/repositories/{org}/{repository}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params: z.strictObject({ org: orgField, repository: repositoryField }),
  output: z.strictObject({ id: idSchema('repo'), name: z.string(), deleted: z.literal(true) }),
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: { absent: 'deleting an index is left to people' },
    cli: {
      command: 'repos delete',
      args: ['repository'],
      examples: ['tenon repos delete tenon', 'tenon repos delete honojs/hono --yes'],
    },
  },
})
