import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

interface RecordKey {
  org: OrgId
  key: string
}

export interface RecordRow {
  operation: string
  requestSha256: Buffer
  sealed: boolean
  answer: Buffer | null
}

export const selectRecord = statement<RecordKey, RecordRow>(
  'idempotency.record',
  `select operation, request_sha256, sealed, answer from idempotency_records
   where org_id = :org and key = :key and created_at > clock_timestamp() - interval '24 hours'`,
)

/**
 * Of two calls at once, the second waits here for the first to commit, and then gets no row; or to roll back, and then
 * takes its place. A record that is over is taken over.
 */
export const claimRecord = statement<
  RecordKey & { operation: string; requestSha256: Buffer; sealed: boolean },
  { key: string }
>(
  'idempotency.claim',
  `insert into idempotency_records as r (org_id, key, operation, request_sha256, sealed)
   values (:org, :key, :operation, :requestSha256, :sealed)
   on conflict (org_id, key) do update set operation = excluded.operation, request_sha256 = excluded.request_sha256,
     sealed = excluded.sealed, answer = null, created_at = clock_timestamp()
   where r.created_at <= clock_timestamp() - interval '24 hours'
   returning key`,
)

export const keepAnswer = statement<RecordKey & { answer: Buffer }>(
  'idempotency.keepAnswer',
  'update idempotency_records set answer = :answer where org_id = :org and key = :key',
)

/** A part of them; no row when none is left. */
export const deleteExpired = statement<object, { key: string }>(
  'idempotency.deleteExpired',
  `delete from idempotency_records where (org_id, key) in (
     select org_id, key from idempotency_records where created_at <= clock_timestamp() - interval '24 hours' limit 1000)
   returning key`,
)
