import { z } from 'zod'
import type { JsonValue } from './errors.ts'
import { orgField, page, timestamp } from './fields.ts'
import { defineOperation } from './operation.ts'

const sha256 = z.string().regex(/^[0-9a-f]{64}$/)

/**
 * One line of an organisation's audit trail. `hash` is the SHA-256 of the hash before (32 bytes), the sequence number in
 * decimal, a line feed, and the JSON array of the fields from `at` to `details` in the order of this schema; before
 * the first stands the SHA-256 of `tenon.audit.1`, a line feed and the id of the organisation.
 */
export const auditEntry = z.strictObject({
  seq: z.int().min(1).describe('1, 2, 3 … without a gap'),
  at: timestamp,
  action: z.string().describe('Name of the operation'),
  outcome: z.enum(['done', 'refused']),
  code: z.string().nullable().describe('Error code of a refusal'),
  actor: z.string().describe('Id of the API key, `oauth_…` for the subject of access tokens, or `root`'),
  address: z.string().describe('Network address of the caller'),
  requestId: z.string(),
  resources: z.record(z.string(), z.string()).describe('Ids of what the call was about'),
  details: (z.json() as z.ZodType<JsonValue>).describe('What was set; never a secret'),
  hash: sha256,
  previousHash: sha256,
})
export type AuditEntry = z.output<typeof auditEntry>

export const listAudit = defineOperation({
  name: 'audit.list',
  summary: 'Read the audit trail',
  description:
    'Every call that changed something and every refusal that matters, as a hash chain: `tenon audit verify` checks it without a server.',
  method: 'GET',
  path: '/v1/audit/{org}',
  auth: 'key',
  scope: 'audit:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({
    action: z.string().min(1).max(80).optional().describe('Only this operation'),
    outcome: auditEntry.shape.outcome.optional().describe('Only what was done, or only what was refused'),
    order: z.enum(['newest', 'oldest']).default('newest').describe('What comes first'),
    ...page,
  }),
  output: z.array(auditEntry),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: { absent: 'it is for people who watch over agents' },
    cli: { command: 'audit list', examples: ['tenon audit list', 'tenon audit list --outcome refused'] },
  },
})
