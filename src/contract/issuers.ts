import { z } from 'zod'
import { timestamp } from './fields.ts'
import { defineOperation } from './operation.ts'

/** Of a connection to an issuer of people, as the operator has called it. */
export const connectionName = z
  .string()
  .max(40)
  .regex(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/, 'Lower-case letters, digits and single hyphens, starting with a letter')

const revokedToken = z.strictObject({
  connection: connectionName,
  jti: z.string(),
  revokedAt: timestamp,
  expiresAt: timestamp.describe('Until when it is refused; by then the token itself should have ended'),
})
export type RevokedToken = z.output<typeof revokedToken>

export const revokeToken = defineOperation({
  name: 'tokens.revoke',
  summary: 'Take back a token of an issuer of people',
  description:
    'Needs the root key. Every node refuses the token within a second. A `session_id` takes back all tokens of a session at the issuer. A revocation belongs to no organisation: it stands in the log, and in no audit trail.',
  method: 'POST',
  path: '/v1/tokens/revoke',
  auth: 'root',
  scope: null,
  tx: 'none',
  body: z.strictObject({
    connection: connectionName.describe('Name of the connection, as in the file of issuers'),
    jti: z.string().min(1).max(255).describe('`jti` or `session_id` of the token'),
    expiresAt: timestamp
      .optional()
      .describe('Until when it is refused, in the future; 90 days from now when left out. A later end stays'),
  }),
  output: revokedToken,
  errors: ['not_found'],
  idempotent: true,
  destructive: true,
  audited: false,
  surfaces: {
    mcp: { absent: 'the root key stays on the server side and is never given to an agent' },
    cli: {
      command: 'tokens revoke',
      args: ['connection', 'jti'],
      examples: [
        'tenon tokens revoke staff 5e1f0c3a-9a44-4b5e-8f0e-3f1f8e0f6c2d',
        'tenon tokens revoke app 0c6f7a52-71d3-4d51-9a3c-5b7f0f8a4e11 --expires-at 2030-01-01T00:00:00Z',
      ],
    },
  },
})
