import type { OrphanKind } from '../../contract/finding-kinds.ts'
import type { Orphan, OrphanSystem } from '../../contract/findings.ts'
import type { Id } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

const ORPHAN = `id, system, kind, reference, cause, recovery, details, status, first_seen_at, last_seen_at, resolved_at`

export const upsertOrphan = statement<
  {
    id: Id<'orphan'>
    system: OrphanSystem
    kind: OrphanKind
    reference: string
    cause: string
    recovery: string
    details: string
  },
  { isNew: boolean }
>(
  'orphans.upsert',
  `insert into orphans (id, system, kind, reference, cause, recovery, details)
   values (:id, :system, :kind, :reference, :cause, :recovery, :details::jsonb)
   on conflict (system, kind, reference) do update set
     cause = excluded.cause, recovery = excluded.recovery, details = excluded.details, status = 'open',
     last_seen_at = clock_timestamp(), resolved_at = null,
     first_seen_at = case orphans.status when 'resolved' then clock_timestamp() else orphans.first_seen_at end
   returning id = :id as is_new`,
)

export const closeOrphan = statement<
  { system: OrphanSystem; kind: OrphanKind; reference: string },
  { id: Id<'orphan'> }
>(
  'orphans.resolve',
  `update orphans set status = 'resolved', resolved_at = clock_timestamp()
   where system = :system and kind = :kind and reference = :reference and status = 'open' returning id`,
)

/** What a whole round since then has not seen again. */
export const closeUnseenOrphans = statement<{ kinds: OrphanKind[]; since: string }, { id: Id<'orphan'> }>(
  'orphans.resolveUnseen',
  `update orphans set status = 'resolved', resolved_at = clock_timestamp()
   where kind = any(:kinds) and status = 'open' and last_seen_at < :since::timestamptz returning id`,
)

export const selectOrphans = statement<
  { status: string | null; system: string | null; before: string | null; limit: number },
  Orphan
>(
  'orphans.list',
  `select ${ORPHAN} from orphans
   where (:status::text is null or status = :status) and (:system::text is null or system = :system)
     and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)
