import type { CreditEntry, CreditGrant } from '../../contract/credits.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** What each grant has left when all that was spent, and all that is reserved, is taken off those that expire soonest. */
const PARTS = `select g.*, g.expires_at <= clock_timestamp() as over,
    g.remaining - least(g.remaining, greatest(0, a.unattributed - g.before)) as unspent,
    g.remaining - least(g.remaining, greatest(0, a.unattributed + a.reserved - g.before)) as free
  from credit_accounts a join (
    select *, coalesce(sum(remaining) over (
      order by expires_at nulls last, id rows between unbounded preceding and 1 preceding), 0)::bigint as before
    from credit_grants where org_id = :org and remaining > 0) g using (org_id)
  where a.org_id = :org`

export const selectBalance = statement<
  { org: OrgId },
  { available: number; reserved: number; usedThisMonth: number; entries: number }
>(
  'credits.balance',
  `select a.reserved, a.entries,
     a.available - case when a.next_expires_at <= clock_timestamp() or a.expired_held > a.reserved + a.unattributed
       then coalesce((select sum(free) filter (where over) from (${PARTS}) p), 0)::bigint else 0 end as available,
     case when a.month = date_trunc('month', clock_timestamp() at time zone 'UTC')::date then a.used else 0 end as used_this_month
   from credit_accounts a where a.org_id = :org`,
)

/** Those that have something left which is not spent, soonest to expire first. */
export const selectGrants = statement<{ org: OrgId; limit: number }, CreditGrant>(
  'credits.grants',
  `select id, kind, amount, case when over then unspent - free else unspent end as remaining, expires_at, note, created_at
   from (${PARTS}) p where case when over then unspent - free else unspent end > 0
   order by expires_at nulls last, id limit :limit`,
)

export const selectGrant = statement<{ org: OrgId; source: string }, { id: string }>(
  'credits.grantOf',
  'select id from credit_grants where org_id = :org and source = :source',
)

export interface HoldRow {
  run: RunId
  /** Over all lives of the run. */
  reserved: number
  captured: number
  released: number
  refunded: number
  open: boolean
  openedAt: string
  closedAt: string | null
}
const HOLD = 'run_id as run, amount as reserved, captured, released, refunded, open, opened_at, closed_at'

export const selectHold = statement<{ org: OrgId; run: string }, HoldRow>(
  'credits.hold',
  `select ${HOLD} from credit_holds where org_id = :org and run_id = :run`,
)

export const selectHoldsOf = statement<{ org: OrgId; runs: RunId[] }, HoldRow>(
  'credits.holdsOf',
  `select ${HOLD} from credit_holds where org_id = :org and run_id = any(:runs)`,
)

export const selectOpenHolds = statement<{ org: OrgId; limit: number }, HoldRow>(
  'credits.openHolds',
  `select ${HOLD} from credit_holds where org_id = :org and open order by run_id limit :limit`,
)

const ENTRY = `seq, kind, d_available as available, d_reserved as reserved, available_after, reserved_after,
     run_id as run, grant_id as grant, note, at`

interface EntryFilter {
  org: OrgId
  kind: string | null
  before: number | null
  limit: number
}

export const selectEntries = statement<EntryFilter, CreditEntry>(
  'credits.entries',
  `select ${ENTRY} from credit_entries
   where org_id = :org and (:kind::text is null or kind = :kind) and (:before::bigint is null or seq < :before)
   order by seq desc limit :limit`,
)

/** The keys of a run begin with its id. */
export const selectEntriesOfRun = statement<EntryFilter & { run: string }, CreditEntry>(
  'credits.entriesOfRun',
  `select ${ENTRY} from credit_entries
   where org_id = :org and key >= :run || ':' and key < :run || ';' and run_id = :run
     and (:kind::text is null or kind = :kind) and (:before::bigint is null or seq < :before)
   order by seq desc limit :limit`,
)

/** Whether a settlement has captured something since the last of some reservations; both are named as their keys begin. */
export const selectCapturedSince = statement<
  { org: OrgId; settlement: string; reservation: string },
  { captured: boolean }
>(
  'credits.capturedSince',
  `select exists (
     select from credit_entries
     where org_id = :org and key >= :settlement || ':' and key < :settlement || ';' and kind = 'capture' and seq > coalesce((
       select max(seq) from credit_entries
       where org_id = :org and key >= :reservation || ':' and key < :reservation || ';'), 0)
   ) as captured`,
)

/** One row per violation of what must hold at every moment. */
export const selectDrift = statement<{ org: OrgId }, { what: string; expected: number; found: number }>(
  'credits.drift',
  `with account as (select * from credit_accounts where org_id = :org),
   ledger as (
     select coalesce(sum(d_available), 0)::bigint as available, coalesce(sum(d_reserved), 0)::bigint as reserved,
       count(*) as entries, coalesce(max(seq), 0) as last,
       coalesce(- sum(d_reserved) filter (where kind = 'capture'), 0)::bigint as captured,
       coalesce(- sum(d_available) filter (where kind = 'expire'), 0)::bigint as expired,
       coalesce(- sum(d_available) filter (where kind = 'revoke'), 0)::bigint as revoked
     from credit_entries where org_id = :org),
   chain as (
     select count(*) as broken from (
       select available_after - d_available - coalesce(lag(available_after) over w, 0) as a,
         reserved_after - d_reserved - coalesce(lag(reserved_after) over w, 0) as r
       from credit_entries where org_id = :org window w as (order by seq)) s where a <> 0 or r <> 0),
   held as (
     select coalesce(sum(amount - captured - released), 0)::bigint as reserved, coalesce(sum(captured), 0)::bigint as captured,
       count(*) filter (where not open and amount <> captured + released) as closed_with_rest
     from credit_holds where org_id = :org),
   given as (
     select coalesce(sum(remaining), 0)::bigint as remaining, coalesce(sum(expired), 0)::bigint as expired,
       coalesce(sum(revoked), 0)::bigint as revoked from credit_grants where org_id = :org)
   select v.* from account a, ledger l, chain c, held h, given g cross join lateral (values
     ('available is the sum of its entries', l.available, a.available),
     ('reserved is the sum of its entries', l.reserved, a.reserved),
     ('entries have no gaps', a.entries, l.entries), ('the newest entry is the last', a.entries, l.last),
     ('each entry goes on from the one before', 0, c.broken),
     ('reserved is what open reservations hold', h.reserved, a.reserved),
     ('closed reservations hold nothing', 0, h.closed_with_rest),
     ('captured is the sum of its entries', l.captured, h.captured),
     ('expired is the sum of its entries', l.expired, g.expired),
     ('revoked is the sum of its entries', l.revoked, g.revoked),
     ('grants have left what is available, reserved or not taken off yet',
       a.available + a.reserved + a.unattributed, g.remaining)
   ) as v (what, expected, found) where v.expected <> v.found`,
)

/** Across organisations, as the keeper: accounts in which something has expired. */
export const selectExpiring = statement<{ limit: number }, { org: OrgId }>(
  'credits.expiring',
  `select org_id as org from credit_accounts
   where next_expires_at <= clock_timestamp() order by next_expires_at limit :limit`,
)

/** Across organisations, as the keeper: what is held for longer than any run lives. */
export const selectForgotten = statement<{ limit: number }, { org: OrgId; run: RunId }>(
  'credits.forgotten',
  `select org_id as org, run_id as run from credit_holds where open and expires_at < clock_timestamp()
   order by expires_at limit :limit`,
)

/** Across organisations, as the keeper: of some, those that a source has granted nothing yet. */
export const selectWithout = statement<{ orgs: OrgId[]; source: string }, { org: OrgId }>(
  'credits.without',
  `select o.org from unnest(:orgs::text[]) as o (org)
   where not exists (select from credit_grants g where g.org_id = o.org and g.source = :source)`,
)
