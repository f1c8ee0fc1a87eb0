import { z } from 'zod'
import { repositoryField } from './code.ts'
import { maxTokens, orgField, timestamp } from './fields.ts'
import { LANGUAGES } from './languages.ts'
import { defineOperation } from './operation.ts'
import { projectField } from './projects.ts'

/** Where a path may lead: to a file of the repository, never out of it. */
export const repositoryPath = z
  .string()
  .min(1)
  .max(4096)
  .refine((path) => !isOutside(path), 'A path from the root of the repository, without `..`')
  .describe('Path from the root of the repository')

function isOutside(path: string): boolean {
  return /^(?:[/\\]|[A-Za-z]:)/.test(path) || path.split(/[/\\]/).some((part) => part === '..' || part === '.')
}

export const symbolName = z.string().min(1).max(300).describe('Name of a symbol, as in `createApp` or `App.listen`')

/** Deepest walk along imports. */
export const MAX_DEPTH = 20

export const depthField = z.int().min(1).max(MAX_DEPTH)

export const IMPORT_KIND = ['import', 're-export', 'dynamic', 'require', 'mock', 'url', 'reference', 'package'] as const

/** The import by which something was reached. */
export const via = z.strictObject({
  path: z.string().describe('Of the file at the other end, one step nearer to the target'),
  repository: z.string().describe('Its repository'),
  line: z.int().describe('Of the import, from 1'),
  specifier: z.string().describe('As it is written'),
  names: z.array(z.string()).describe('What is imported; `*` for all of the module'),
})

/** Why something can't be told. */
export const UNKNOWN_REASONS = [
  'not_indexed',
  'stale',
  'language_unsupported',
  'file_not_indexed',
  'symbol_unknown',
  'parse_incomplete',
  'imports_unresolved',
  'diff_does_not_apply',
  'binary',
  'limit_reached',
] as const

export const unknown = z.strictObject({
  path: z.string().nullable().describe('What it is about; null for all of the repository'),
  reason: z.enum(UNKNOWN_REASONS),
  detail: z.string(),
})
export type Unknown = z.output<typeof unknown>

export const cycle = z.strictObject({
  repository: z.string(),
  size: z.int().describe('Files that import each other in a circle'),
  paths: z.array(z.string()).describe('The first of them by path'),
})

const dependencyNode = z.strictObject({
  repository: z.string(),
  path: z.string(),
  direction: z.enum(['dependent', 'dependency']),
  distance: z.int().describe('Imports between it and the target, from 1'),
  language: z.enum(LANGUAGES).nullable(),
  test: z.boolean().describe('A test, by where it stands and what it is called'),
  kind: z.enum(IMPORT_KIND),
  typeOnly: z.boolean().describe('Reached through an import of types, which is gone when the code runs'),
  via,
})
export type DependencyNode = z.output<typeof dependencyNode>

const unresolvedImport = z.strictObject({
  path: z.string().describe('The importing file'),
  line: z.int(),
  specifier: z.string().nullable().describe('null when it is computed'),
  reason: z.enum(['not_found', 'undeclared', 'not_literal']),
})

const external = z.strictObject({
  specifier: z.string(),
  reason: z.enum(['external', 'builtin']),
})

export const dependencies = z.strictObject({
  repository: z.string(),
  indexedCommit: z.string().nullable(),
  indexedAt: timestamp.nullable(),
  targets: z
    .array(
      z.strictObject({
        repository: z.string(),
        path: z.string(),
        symbol: z.string().nullable(),
        line: z.int().nullable().describe('Where the symbol is defined'),
      }),
    )
    .describe('What is asked about; several when files define a symbol of the same name'),
  nodes: z.array(dependencyNode).describe('Nearest first, then by path; each file once in each direction'),
  totals: z.strictObject({
    dependents: z.int(),
    dependencies: z.int(),
    cycles: z.int(),
    unresolved: z.int(),
  }),
  truncated: z.boolean().describe('There is more than is listed, or than the depth reaches'),
  cycles: z.array(cycle).describe('Circles of imports through the targets and what was found'),
  unresolved: z.array(unresolvedImport).describe('Imports of the targets, and of what was found, that lead nowhere'),
  externals: z.array(external).describe('Packages that the targets themselves import'),
  unknown: z.array(unknown).describe('What can not be told, and why; an empty list of nodes means nothing beside it'),
})
export type Dependencies = z.output<typeof dependencies>

export const searchDependencies = defineOperation({
  name: 'dependencies.search',
  summary: 'Show what depends on a file',
  description:
    'Files that import a file or a symbol, directly or through others, or that it imports: each once, with its distance and the import by which it was reached. TypeScript, JavaScript and Python have a graph. Imports that can not be resolved are listed with the reason. As `svg` or `dot` the nearest files are drawn.',
  method: 'GET',
  path: '/v1/dependencies/{org}',
  auth: 'key',
  scope: 'search:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({
    path: repositoryPath.optional().describe('File that is asked about, from the root of the repository'),
    symbol: symbolName
      .optional()
      .describe('Symbol that is asked about; with `path` the one of that file. Dependents are then those that use it'),
    repository: repositoryField,
    project: projectField
      .optional()
      .describe('Follow imports of packages into the other repositories of this project, by id or name'),
    direction: z.enum(['dependents', 'dependencies', 'both']).default('dependents').describe('Which way to look'),
    depth: depthField.default(3).describe('Imports to follow at most'),
    includeTests: z.boolean().default(true).describe('Whether tests are listed'),
    typeOnly: z.boolean().default(true).describe('Whether imports of types alone are followed too'),
    limit: z.int().min(1).max(2000).default(500).describe('Files that are listed at most'),
    format: z.enum(['json', 'svg', 'dot']).default('json').describe('`svg` and `dot` answer a drawing instead'),
    maxTokens,
  }),
  output: dependencies,
  drawings: { svg: 'image/svg+xml', dot: 'text/vnd.graphviz' },
  errors: ['not_found', 'path_not_found', 'symbol_not_found', 'search_too_slow'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'search_dependencies',
      title: 'Search dependencies',
      description:
        'Answers "who imports this file or uses this symbol, and what does it import?" from the import graph of an indexed repository (TypeScript, JavaScript, Python). Give repository and path or symbol; direction (dependents by default), depth (3), project to cross repositories. Returns each file once with its distance and the import it was reached by, cycles, unresolved imports and totals. Use it before moving, renaming or deleting a file; use analyze_change_impact for an edit or a diff, search_code for plain text. When `unknown` is not empty, an empty list does not mean that nothing depends on it.',
      defaults: { maxTokens: 8000, limit: 200 },
    },
    cli: {
      command: 'deps',
      args: ['path'],
      description:
        'Files that import a file or a symbol, directly or through others, or that it imports: each once, with its distance and the import by which it was reached. TypeScript, JavaScript and Python have a graph. Imports that can not be resolved are listed with the reason. `tenon graph` draws the same.',
      examples: [
        'tenon deps src/kernel/ctx.ts --repository tenon',
        'tenon deps --symbol createCaller --repository tenon --depth 2 --include-tests false',
        'tenon deps src/app/start.ts --repository tenon --direction dependencies',
      ],
    },
  },
})
