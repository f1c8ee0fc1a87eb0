import type { RevokedToken } from '../../contract/issuers.ts'
import { plain, span, type Renderers } from './text.ts'

export const ISSUER_RENDERERS: Renderers = {
  'tokens.revoke': ({ connection, jti, expiresAt }: RevokedToken) =>
    `Revoked ${plain(jti)} of ${plain(connection)}: every node refuses it within a second.\nIt is remembered for ${span((Date.parse(expiresAt) - Date.now()) / 1000)}.\n`,
}
