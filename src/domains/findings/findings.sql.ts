import type { FindingKind, FindingSource, Severity } from '../../contract/finding-kinds.ts'
import type { Finding } from '../../contract/findings.ts'
import type { Id, OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

const FINDING = `id, kind, source, severity, subject, cause, recovery, details, status, first_seen_at, last_seen_at, resolved_at`

/** Opens again what was resolved; what was ignored stays so. */
export const upsertFinding = statement<
  {
    org: OrgId
    id: Id<'finding'>
    kind: FindingKind
    subject: string
    source: FindingSource
    severity: Severity
    cause: string
    recovery: string
    details: string
  },
  { status: Finding['status'] }
>(
  'findings.upsert',
  `insert into findings (org_id, id, kind, subject, source, severity, cause, recovery, details)
   values (:org, :id, :kind, :subject, :source, :severity, :cause, :recovery, :details::jsonb)
   on conflict (org_id, kind, subject) do update set
     source = excluded.source, severity = excluded.severity, cause = excluded.cause, recovery = excluded.recovery,
     details = excluded.details, last_seen_at = clock_timestamp(),
     status = case findings.status when 'ignored' then 'ignored' else 'open' end,
     first_seen_at = case findings.status when 'resolved' then clock_timestamp() else findings.first_seen_at end,
     resolved_at = case findings.status when 'ignored' then findings.resolved_at end
   returning status`,
)

export const resolveBySubject = statement<{ org: OrgId; kind: FindingKind; subject: string }, { id: Id<'finding'> }>(
  'findings.resolveBySubject',
  `update findings set status = 'resolved', resolved_at = clock_timestamp()
   where org_id = :org and kind = :kind and subject = :subject and status = 'open' returning id`,
)

/** What a check of these kinds has not seen again. */
export const resolveUnseen = statement<
  { org: OrgId; kinds: FindingKind[]; seen: string[] },
  { kind: FindingKind; subject: string }
>(
  'findings.resolveUnseen',
  `update findings set status = 'resolved', resolved_at = clock_timestamp()
   where org_id = :org and kind = any(:kinds) and status = 'open' and kind || ' ' || subject <> all(:seen)
   returning kind, subject`,
)

export const closeById = statement<{ org: OrgId; id: string; status: Finding['status'] }, Finding>(
  'findings.closeById',
  `update findings set status = :status, resolved_at = coalesce(resolved_at, clock_timestamp())
   where org_id = :org and id = :id returning ${FINDING}`,
)

export const selectFindings = statement<
  {
    org: OrgId
    status: string | null
    severity: string | null
    source: string | null
    before: string | null
    limit: number
  },
  Finding
>(
  'findings.list',
  `select ${FINDING} from findings
   where org_id = :org and (:status::text is null or status = :status) and (:severity::text is null or severity = :severity)
     and (:source::text is null or source = :source) and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)
