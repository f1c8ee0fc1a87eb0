import { z } from 'zod'
import { repositoryField } from './code.ts'
import { maxTokens, orgField, timestamp } from './fields.ts'
import { cycle, depthField, IMPORT_KIND, repositoryPath, symbolName, unknown, via } from './graph.ts'
import { LANGUAGES } from './languages.ts'
import { defineOperation } from './operation.ts'
import { projectField } from './projects.ts'

/** Longest diff, in UTF-16 code units. */
const MAX_DIFF = 8_000_000
/** Of the request in all. */
const MAX_BODY_BYTES = 16 << 20

const gitRef = z.string().min(1).max(255)

const changedFile = z.strictObject({
  path: z.string(),
  previousPath: z.string().nullable().describe('Where a file that was renamed stood before'),
  change: z.enum(['added', 'modified', 'deleted', 'renamed']),
  language: z.enum(LANGUAGES).nullable(),
})

const changedSymbol = z.strictObject({
  path: z.string(),
  name: z.string(),
  kind: z.string(),
  change: z
    .enum(['added', 'removed', 'signature', 'body', 'named'])
    .describe('`signature`: what its users rely on has changed. `named`: it was asked about'),
  exported: z.boolean(),
  line: z.int().nullable().describe('In the new text; in the old one of a symbol that was removed'),
  before: z.string().nullable().describe('Signature before, when it has changed'),
  after: z.string().nullable(),
})
export type ChangedSymbol = z.output<typeof changedSymbol>

const affected = z.strictObject({
  repository: z.string(),
  path: z.string(),
  distance: z.int().describe('Imports between it and the change, from 1'),
  via,
  kind: z.enum(IMPORT_KIND),
  typeOnly: z.boolean().describe('Reached through imports of types alone, which are gone when the code runs'),
  confidence: z
    .enum(['high', 'medium', 'low'])
    .describe(
      '`high`: it names what was changed. `medium`: reached through other files by name. `low`: it takes a whole module, or the change is not known by name',
    ),
  symbols: z.array(z.string()).describe('What of it is affected and can be imported by others; `*` for all'),
})
export type Affected = z.output<typeof affected>

const affectedTest = z.strictObject({
  repository: z.string(),
  path: z.string(),
  distance: z.int().describe('Imports between it and the change; 0 when it was changed itself'),
  reason: z.string().describe('The shortest way from the test to the change'),
})

const affectedEntry = z.strictObject({
  repository: z.string(),
  kind: z.enum(['endpoint', 'job']),
  method: z.string().nullable(),
  name: z.string().describe('Route of an endpoint, name of a job'),
  title: z.string().nullable().describe('Name that an endpoint has beside its route, such as that of an operation'),
  path: z.string(),
  line: z.int(),
  distance: z.int(),
  reason: z.string(),
})

const risk = z.strictObject({
  level: z
    .enum(['low', 'medium', 'high', 'unknown'])
    .describe('`unknown` when too much can not be told: never low for want of data'),
  factors: z.array(z.strictObject({ name: z.string(), level: z.enum(['low', 'medium', 'high']), detail: z.string() })),
})

export const impact = z.strictObject({
  repository: z.string(),
  indexedCommit: z.string().nullable(),
  indexedAt: timestamp.nullable(),
  changed: z.strictObject({ files: z.array(changedFile), symbols: z.array(changedSymbol) }),
  dependents: z.array(affected).describe('Nearest first, then those that more depends on'),
  tests: z.array(affectedTest).describe('Tests that reach the change when they run: the ones to run'),
  endpoints: z.array(affectedEntry).describe('Routes that the change can be felt on'),
  jobs: z.array(affectedEntry),
  cycles: z.array(cycle),
  totals: z.strictObject({
    files: z.int(),
    symbols: z.int(),
    dependents: z.int(),
    direct: z.int(),
    tests: z.int(),
    endpoints: z.int(),
    jobs: z.int(),
    cycles: z.int(),
  }),
  truncated: z.boolean().describe('There is more than is listed, or than the depth reaches'),
  risk,
  unknown: z.array(unknown).describe('What can not be told, and why'),
  nextSteps: z.array(z.string()),
})
export type Impact = z.output<typeof impact>

export const analyzeImpact = defineOperation({
  name: 'impact.analyze',
  summary: 'Show what a change affects',
  description:
    'Takes a change as a unified diff, as two commits, or as a list of files or symbols, and answers which symbols change, which files depend on them and by which import, the tests that reach them, the routes and jobs on which they can be felt, and a risk with its reasons. What is not indexed, out of date or not resolved is named as unknown. Nothing is changed.',
  method: 'POST',
  path: '/v1/impact/{org}',
  auth: 'key',
  scope: 'search:read',
  tx: 'none',
  audited: false,
  maxBodyBytes: MAX_BODY_BYTES,
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    repository: repositoryField,
    project: projectField
      .optional()
      .describe('Follow the change into the other repositories of this project, by id or name'),
    diff: z
      .string()
      .min(1)
      .max(MAX_DIFF)
      .optional()
      .describe('Unified diff, as `git diff` writes it, to or from the indexed commit'),
    base: gitRef.optional().describe('Branch, tag or commit before the change; with `head` instead of a diff'),
    head: gitRef.optional().describe('Branch, tag or commit after the change; the indexed commit when left out'),
    files: z.array(repositoryPath).min(1).max(500).optional().describe('Files that will change, whatever in them'),
    symbols: z
      .array(z.strictObject({ name: symbolName, path: repositoryPath.optional() }))
      .min(1)
      .max(200)
      .optional()
      .describe('Symbols that will change'),
    depth: depthField.default(10).describe('Imports to follow at most'),
    includeTests: z
      .boolean()
      .default(true)
      .describe('Whether tests are among the dependents; they are listed apart too'),
    limit: z.int().min(1).max(2000).default(500).describe('Entries of each list at most'),
    maxTokens,
  }),
  output: impact,
  errors: [
    'not_found',
    'path_not_found',
    'symbol_not_found',
    'diff_invalid',
    'ref_not_found',
    'source_unreachable',
    'source_denied',
    'source_forbidden',
    'source_damaged',
    'source_not_a_repository',
    'repository_empty',
    'repository_too_large',
    'master_key_missing',
    'git_missing',
    'disk_full',
    'index_incomplete',
    'search_too_slow',
  ],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'analyze_change_impact',
      title: 'Analyze the impact of a change',
      description:
        'Tells what an edit can break, before or after it is made. Give repository and one of: diff (unified, as `git diff` prints it), files, symbols, or base and head. Returns the changed symbols, dependent files with distance and the import they were reached by, the tests to run, the HTTP routes and jobs touched, import cycles, and a risk level with reasons. Use it before changing shared code and before finishing a change; use search_dependencies only to look around one file. risk.level is `unknown`, and `unknown` says why, when the index can not tell: do not take that for low.',
      defaults: { maxTokens: 8000, limit: 200 },
      // It fetches commits that this node does not have.
      openWorld: true,
    },
    cli: {
      absent: '`tenon impact` takes the diff from the git repository in the current folder, and then asks the same',
    },
  },
})
