import type { UserId } from '../../contract/ids.ts'
import type { RevokedToken } from '../../contract/issuers.ts'
import { statement } from '../../kernel/statement.ts'
import type { Subject } from './connection.ts'

export interface IdentityRow {
  userId: UserId
  madeAt: string | null
}

export const selectIdentity = statement<Subject, IdentityRow>(
  'issuers.identity',
  'select user_id, made_at from issuer_identities where connection = :connection and subject = :subject',
)

/** Of all who come first at the same moment, the id of one is that of all. */
export const claimIdentity = statement<Subject & { userId: UserId }, IdentityRow>(
  'issuers.claimIdentity',
  `insert into issuer_identities (connection, subject, user_id) values (:connection, :subject, :userId)
   on conflict (connection, subject) do update set user_id = issuer_identities.user_id returning user_id, made_at`,
)

export const markIdentityMade = statement<Subject>(
  'issuers.markIdentityMade',
  `update issuer_identities set made_at = clock_timestamp()
   where connection = :connection and subject = :subject and made_at is null`,
)

export const selectRevocationEpoch = statement<object, { epoch: number }>(
  'issuers.revocationEpoch',
  'select epoch from revocation_epoch',
)

export const findRevoked = statement<{ connection: string; ids: readonly string[] }, { jti: string }>(
  'issuers.findRevoked',
  'select jti from revoked_tokens where connection = :connection and jti = any (:ids) limit 1',
)

/** A revocation that stands already only becomes longer. */
export const insertRevoked = statement<{ connection: string; jti: string; expiresAt: Date }, RevokedToken>(
  'issuers.insertRevoked',
  `insert into revoked_tokens (connection, jti, expires_at) values (:connection, :jti, :expiresAt)
   on conflict (connection, jti) do update set expires_at = greatest(revoked_tokens.expires_at, excluded.expires_at)
   returning connection, jti, revoked_at, expires_at`,
)

/** By the role that keeps house. A clock that is an hour ahead lets nothing back in. */
export const deleteEndedRevocations = statement<object, { jti: string }>(
  'issuers.deleteEndedRevocations',
  `delete from revoked_tokens where (connection, jti) in (
     select connection, jti from revoked_tokens where expires_at <= clock_timestamp() - interval '1 hour' limit 1000)
   returning jti`,
)
