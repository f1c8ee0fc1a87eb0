import { z } from 'zod'
import { repositoryField } from './code.ts'
import { maxTokens, orgField, timestamp } from './fields.ts'
import { repositoryPath, symbolName, unknown } from './graph.ts'
import { defineOperation } from './operation.ts'
import { projectField } from './projects.ts'

const MAX_ENTRIES = 500

const symbolNames = z.array(symbolName).max(200)
const specifiers = z.array(z.string().min(1).max(1000)).max(200)

const plannedFile = z.strictObject({
  path: repositoryPath,
  symbols: symbolNames.optional().describe('Symbols that it is to define'),
  imports: specifiers.optional().describe('Specifiers that it is to import, as they will be written'),
})

export const implementationSpec = z.strictObject({
  title: z.string().max(500).optional(),
  create: z.array(plannedFile).max(MAX_ENTRIES).optional().describe('Files to create'),
  modify: z
    .array(plannedFile.extend({ symbols: symbolNames.optional().describe('Symbols of it that are to change') }))
    .max(MAX_ENTRIES)
    .optional()
    .describe('Files to change'),
  delete: z.array(repositoryPath).max(MAX_ENTRIES).optional().describe('Files to delete'),
  symbols: z
    .array(
      z.strictObject({
        name: symbolName,
        path: repositoryPath.optional(),
        action: z.enum(['use', 'create', 'modify', 'delete']).default('use'),
      }),
    )
    .max(MAX_ENTRIES)
    .optional()
    .describe('Symbols that the plan relies on, or is about'),
  migrations: z.array(repositoryPath).max(100).optional().describe('Database migrations to add'),
  dependencies: z
    .array(
      z.strictObject({
        name: z.string().min(1).max(214).describe('Name of a package'),
        version: z.string().min(1).max(100).optional().describe('Version or range, as a manifest has it'),
        manifest: repositoryPath.optional().describe('Manifest that gets it; the one at the root when left out'),
      }),
    )
    .max(200)
    .optional()
    .describe('Packages to add or raise'),
  tests: z
    .array(z.strictObject({ path: repositoryPath, covers: z.array(repositoryPath).max(200).optional() }))
    .max(MAX_ENTRIES)
    .optional()
    .describe('Tests to add or change, with the files that each is for'),
})
export type ImplementationSpec = z.output<typeof implementationSpec>

const evidence = z.strictObject({
  path: z.string(),
  line: z.int().nullable(),
  text: z.string().describe('What stands there, or what was counted'),
})

/** What can be wrong with a plan. */
export const SPEC_RULES = [
  'modify_missing_file',
  'delete_missing_file',
  'create_existing_file',
  'path_case_clash',
  'conflicting_actions',
  'symbol_missing',
  'symbol_exists',
  'symbol_in_use',
  'import_unresolved',
  'import_cycle',
  'import_convention',
  'deleted_file_imported',
  'file_name_convention',
  'test_name_convention',
  'test_place_convention',
  'test_target_missing',
  'test_missing',
  'migration_name_convention',
  'migration_number_taken',
  'migration_order',
  'migration_edited',
  'dependency_version_conflict',
  'dependency_range_convention',
  'dependency_present',
  'manifest_missing',
] as const

export const specFinding = z.strictObject({
  rule: z.enum(SPEC_RULES),
  severity: z.enum(['error', 'warning', 'info']).describe('`error`: the plan can not be carried out as it is'),
  path: z.string().nullable(),
  message: z.string(),
  evidence: z.array(evidence),
  fix: z.string(),
})
export type SpecFinding = z.output<typeof specFinding>

export const specReport = z.strictObject({
  repository: z.string(),
  indexedCommit: z.string().nullable(),
  indexedAt: timestamp.nullable(),
  verdict: z
    .enum(['valid', 'invalid', 'unknown'])
    .describe('`invalid`: there is an error. `unknown`: there is none, but not everything could be checked'),
  findings: z.array(specFinding).describe('Errors first'),
  totals: z.strictObject({ errors: z.int(), warnings: z.int(), infos: z.int() }),
  truncated: z.boolean(),
  conventions: z
    .array(z.strictObject({ name: z.string(), value: z.string(), followed: z.int(), of: z.int() }))
    .describe('What was learned from the repository: followed by so many of so many files'),
  checked: z.array(z.string()).describe('Rules that were applied'),
  unknown: z.array(unknown),
})
export type SpecReport = z.output<typeof specReport>

export const validateSpec = defineOperation({
  name: 'specs.validate',
  summary: 'Check a plan against the index',
  description:
    'Takes what an implementation plan says it will create, modify, delete, use and test, and checks it against the indexed commit and the conventions learned from it: files that exist or do not, symbols, imports, new cycles, names of tests and migrations, versions of packages. Each finding has severity, evidence and fix. Nothing is changed.',
  method: 'POST',
  path: '/v1/specs/{org}/validate',
  auth: 'key',
  scope: 'search:read',
  tx: 'read',
  audited: false,
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    repository: repositoryField,
    project: projectField
      .optional()
      .describe('Imports may lead into the other repositories of this project, by id or name'),
    spec: implementationSpec.describe('The plan'),
    maxTokens,
  }),
  output: specReport,
  errors: ['not_found', 'index_incomplete', 'search_too_slow'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'validate_implementation_spec',
      title: 'Validate an implementation plan',
      description:
        'Checks an implementation plan against an indexed repository before any code is written: files to create, modify and delete, symbols it relies on, planned imports, migrations, packages and tests. Returns findings with severity, evidence and fix, and the conventions learned from the repository (names of files, tests and migrations, import aliases). Use it after planning and before editing; use analyze_change_impact once there is a diff. verdict `unknown` means that not everything could be checked, and `unknown` says why.',
      defaults: { maxTokens: 8000 },
    },
    cli: {
      command: 'specs validate',
      args: ['spec'],
      file: 'spec',
      failsOn: { field: 'verdict', value: 'invalid' },
      examples: [
        'tenon specs validate plan.json --repository tenon',
        'tenon specs validate - --repository tenon < plan.json',
      ],
    },
  },
})
