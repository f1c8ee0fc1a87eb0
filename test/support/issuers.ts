import { createSecretKey } from 'node:crypto'
import type { IssuerSettings } from '../../src/domains/issuers/index.ts'

/** A connection to an issuer that nobody has to ask. */
export const STAFF: IssuerSettings = {
  connections: [
    {
      name: 'staff',
      kind: 'oidc',
      issuer: 'https://login.example',
      audiences: ['tenon'],
      signing: { secret: createSecretKey(Buffer.from('a secret of tests that is long enough')) },
      emailClaim: 'email',
      emailVerifiedClaim: 'email_verified',
      trustEmail: false,
      requireJti: true,
      maxAgeSeconds: 86_400,
    },
  ],
}
