import { z } from 'zod'
import { orgField, page, pageTokens, timestamp } from './fields.ts'
import {
  FINDING_KINDS,
  FINDING_SOURCES,
  ORPHAN_KINDS,
  SEVERITIES,
  type FindingKind,
  type OrphanKind,
} from './finding-kinds.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'

export const FINDING_STATUSES = ['open', 'resolved', 'ignored'] as const
export const ORPHAN_SYSTEMS = ['stripe', 'accounts', 'onboarding'] as const
export type OrphanSystem = (typeof ORPHAN_SYSTEMS)[number]

const details = z.record(z.string(), z.json()).describe('What was compared, by name')

export const finding = z.strictObject({
  id: idSchema('finding'),
  kind: z.enum(Object.keys(FINDING_KINDS) as [FindingKind]),
  source: z.enum(FINDING_SOURCES).describe('Where it was seen'),
  severity: z.enum(SEVERITIES),
  subject: z.string().describe('What it is about, such as the id of a subscription, an invoice or a run'),
  cause: z.string().describe('Why it came about, as far as can be told'),
  recovery: z.string().describe('What to do'),
  details,
  status: z.enum(FINDING_STATUSES),
  firstSeenAt: timestamp,
  lastSeenAt: timestamp,
  resolvedAt: timestamp.nullable(),
})
export type Finding = z.output<typeof finding>

export const orphan = z.strictObject({
  id: idSchema('orphan'),
  system: z.enum(ORPHAN_SYSTEMS).describe('Where it stands'),
  kind: z.enum(Object.keys(ORPHAN_KINDS) as [OrphanKind]),
  reference: z.string().describe('Its id there'),
  cause: z.string(),
  recovery: z.string(),
  details,
  status: z.enum(['open', 'resolved']),
  firstSeenAt: timestamp,
  lastSeenAt: timestamp,
  resolvedAt: timestamp.nullable(),
})
export type Orphan = z.output<typeof orphan>

const serverSide = { absent: 'the root key stays on the server side and is never given to an agent' } as const

export const listFindings = defineOperation({
  name: 'findings.list',
  summary: 'List findings',
  description:
    'What the reconciliation and other checks have found and could not repair by themselves, newest first, each with its cause and the step that mends it. One that is not found again is resolved by itself.',
  method: 'GET',
  path: '/v1/findings/{org}',
  auth: 'key',
  scope: 'findings:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({
    status: z.enum(FINDING_STATUSES).optional().describe('Only findings in this state'),
    severity: z.enum(SEVERITIES).optional().describe('Only findings of this severity'),
    source: z.enum(FINDING_SOURCES).optional().describe('Only findings that were seen there'),
    ...page,
    maxTokens: pageTokens,
  }),
  output: z.array(finding),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_findings',
      title: 'List findings',
      description:
        'Lists what the checks of Tenon have found wrong in the records of the organisation, newest first: kind, severity, subject, cause, recovery, status and when it was seen. Use it when billing, credits or runs look wrong, or to see what somebody has to mend; pass status open for what is still wrong. Follow meta.pagination.nextCursor for older ones.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: { command: 'findings', examples: ['tenon findings', 'tenon findings --status open --severity critical'] },
  },
})

export const resolveFindingByHand = defineOperation({
  name: 'findings.resolve',
  summary: 'Resolve or ignore a finding',
  description:
    'Needs the root key. One that is resolved opens again when it is found again; one that is ignored does not.',
  method: 'POST',
  path: '/v1/findings/{org}/{finding}/resolve',
  auth: 'root',
  scope: null,
  tx: 'write',
  params: z.strictObject({ org: orgField, finding: z.string().min(1).max(80).describe('Id of the finding') }),
  body: z.strictObject({
    ignore: z.boolean().default(false).describe('Keep it closed, also when it is found again'),
    note: z.string().trim().min(1).max(500).optional().describe('Why; it is kept in the audit trail'),
  }),
  output: finding,
  idempotent: true,
  surfaces: {
    mcp: serverSide,
    cli: {
      command: 'findings resolve',
      args: ['finding'],
      examples: [
        'tenon findings resolve finding_01jd2m5x8qf3v7w9y0z1a2b3c4',
        "tenon findings resolve finding_01jd2m5x8qf3v7w9y0z1a2b3c4 --ignore --note 'paid by transfer'",
      ],
    },
  },
})

export const listOrphans = defineOperation({
  name: 'orphans.list',
  summary: 'List orphans',
  description:
    'Needs the root key. What stands in one system and belongs to no organisation: customers and subscriptions in Stripe, people, half-made organisations. Newest first.',
  method: 'GET',
  path: '/v1/orphans',
  auth: 'root',
  scope: null,
  tx: 'none',
  query: z.strictObject({
    status: z.enum(['open', 'resolved']).optional().describe('Only orphans in this state'),
    system: z.enum(ORPHAN_SYSTEMS).optional().describe('Only orphans that stand there'),
    ...page,
  }),
  output: z.array(orphan),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: serverSide,
    cli: { command: 'orphans', examples: ['tenon orphans', 'tenon orphans --system stripe --status open'] },
  },
})
