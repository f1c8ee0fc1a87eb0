import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Locks the end of the chain to the end of the transaction, and hashes on it what comes next. */
export const appendEntry = statement<{ org: OrgId; action: string; outcome: string; text: string }, { seq: number }>(
  'audit.append',
  `with head as materialized (select seq + 1 as seq, hash from audit_heads where org_id = :org for update),
   appended as (
     insert into audit_entries (org_id, seq, action, outcome, entry, hash)
     select :org, seq, :action, :outcome, :text, sha256(hash || convert_to(seq || E'\\n' || :text, 'UTF8')) from head
     returning seq, hash)
   update audit_heads h set seq = a.seq, hash = a.hash from appended a where h.org_id = :org returning a.seq`,
)

export const insertHead = statement<{ org: OrgId; hash: Buffer }>(
  'audit.insertHead',
  'insert into audit_heads (org_id, seq, hash) values (:org, 0, :hash) on conflict (org_id) do nothing',
)

export interface EntryRow {
  seq: number
  entry: string
  hash: Buffer
  previousHash: Buffer | null
}

const ENTRY = `e.seq, e.entry, e.hash,
  (select p.hash from audit_entries p where p.org_id = e.org_id and p.seq = e.seq - 1) as previous_hash`
const FITS = `(:action::text is null or e.action = :action) and (:outcome::text is null or e.outcome = :outcome)`

export interface EntryFilter {
  org: OrgId
  action: string | null
  outcome: string | null
  after: number
  limit: number
}

export const selectOldest = statement<EntryFilter, EntryRow>(
  'audit.oldest',
  `select ${ENTRY} from audit_entries e where e.org_id = :org and e.seq > :after and ${FITS} order by e.seq limit :limit`,
)

export const selectNewest = statement<EntryFilter, EntryRow>(
  'audit.newest',
  `select ${ENTRY} from audit_entries e where e.org_id = :org and (:after::bigint = 0 or e.seq < :after) and ${FITS}
   order by e.seq desc limit :limit`,
)
