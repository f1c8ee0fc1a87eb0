import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/**
 * Each is one statement, decided in its conditional update of the account's row: what has waited for that row looks again,
 * at the row and, by the functions in its condition, at the ledger. So of two with the same key one changes nothing, and
 * says so without an error that would end the transaction that it is a part of.
 */
const DUE = 'a.expired_held > a.reserved + a.unattributed or a.next_expires_at <= clock_timestamp()'
const MONTH = `date_trunc('month', clock_timestamp() at time zone 'UTC')::date`

/** The largest whole number that JSON keeps exact. */
export const MAX_BALANCE = Number.MAX_SAFE_INTEGER

export type Outcome = 'done' | 'replayed' | 'refused'

/** Nothing is taken of what has expired: that is refused until it is written off. */
export const reserve = statement<{ org: OrgId; run: RunId; key: string; amount: number }, { outcome: Outcome }>(
  'credits.reserve',
  `with u as (
     update credit_accounts a set available = a.available - :amount::bigint, reserved = a.reserved + :amount::bigint,
       entries = a.entries + 1
     where a.org_id = :org and a.available >= :amount::bigint and (${DUE}) is not true and tenon_credit_is_new(a.org_id, :key)
     returning a.available, a.reserved, a.entries),
   h as (
     insert into credit_holds as h (org_id, run_id, amount) select :org, :run, :amount::bigint from u
     on conflict (org_id, run_id) do update set amount = h.amount + excluded.amount, open = true, closed_at = null,
       expires_at = excluded.expires_at),
   e as (
     insert into credit_entries (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, run_id)
     select :org, entries, :key, 'reserve', - :amount::bigint, :amount::bigint, available, reserved, :run from u)
   select case when exists (select from u) then 'done' when tenon_credit_is_new(:org, :key) then 'refused'
     else 'replayed' end as outcome`,
)

/** Captures and releases of what a run has reserved; `due` when something of an expired grant was released. */
export const settle = statement<
  { org: OrgId; run: RunId; key: string; captured: number; released: number; close: boolean },
  { outcome: Outcome; due: boolean | null }
>(
  'credits.settle',
  `with u as (
     update credit_accounts a set reserved = a.reserved - :captured::bigint - :released::bigint,
       available = a.available + :released::bigint, unattributed = a.unattributed + :captured::bigint,
       entries = a.entries + (:captured::bigint > 0)::int + (:released::bigint > 0)::int,
       month = ${MONTH}, used = case when a.month = ${MONTH} then a.used else 0 end + :captured::bigint
     where a.org_id = :org and exists (select from credit_holds h where h.org_id = :org and h.run_id = :run)
       and tenon_credit_can_settle(a.org_id, :run, :key, :captured::bigint + :released::bigint)
     returning a.available, a.reserved, a.entries, (${DUE}) is true as due),
   x as (
     update credit_holds h set captured = h.captured + :captured::bigint, released = h.released + :released::bigint,
       open = h.open and not (:close::boolean and h.captured + h.released + :captured::bigint + :released::bigint = h.amount),
       closed_at = case when :close::boolean then clock_timestamp() else h.closed_at end
     from u where h.org_id = :org and h.run_id = :run),
   e as (
     insert into credit_entries (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, run_id)
     select :org, p.seq, p.key, p.kind, p.d_available, p.d_reserved, p.available_after, p.reserved_after, :run
     from u cross join lateral (values
       (u.entries - (:released::bigint > 0)::int, :key, 'capture', 0, - :captured::bigint,
         u.available - :released::bigint, u.reserved + :released::bigint),
       (u.entries, :key || case when :captured::bigint > 0 then '/release' else '' end, 'release', :released::bigint,
         - :released::bigint, u.available, u.reserved)
     ) as p (seq, key, kind, d_available, d_reserved, available_after, reserved_after)
     where p.d_reserved < 0)
   select case when exists (select from u) then 'done' when tenon_credit_is_new(:org, :key) then 'refused'
     else 'replayed' end as outcome, (select due from u) as due`,
)

/** Makes the account where there is none, and holds it to the end of the transaction. */
export const lockAccount = statement<{ org: OrgId }, { available: number; reserved: number }>(
  'credits.lockAccount',
  `insert into credit_accounts as a (org_id) values (:org)
   on conflict (org_id) do update set entries = a.entries returning available, reserved`,
)

/**
 * Takes what was spent off the grants, soonest to expire first, and what is reserved after it; what is left of those that
 * have expired is written off. Says `stale` when the account has changed between the look and the update.
 */
export const expire = statement<{ org: OrgId }, { stale: boolean; lapsed: number }>(
  'credits.expire',
  `with a0 as materialized (select *, clock_timestamp() as at from credit_accounts where org_id = :org),
   part as (
     select g.id, g.remaining, g.expired, g.expires_at, g.expires_at <= a0.at as over,
       least(g.remaining, greatest(0, a0.unattributed - g.before)) as spent,
       g.remaining - least(g.remaining, greatest(0, a0.unattributed + a0.reserved - g.before)) as free
     from a0, (
       select id, remaining, expired, expires_at, coalesce(sum(remaining) over (
         order by expires_at nulls last, id rows between unbounded preceding and 1 preceding), 0)::bigint as before
       from credit_grants where org_id = :org and remaining > 0) g),
   lapse as (
     select id, expired, free, row_number() over (order by expires_at, id) as place,
       sum(free) over (order by expires_at, id)::bigint as so_far
     from part where over and free > 0),
   total as (
     select coalesce(sum(spent), 0)::bigint as spent, coalesce(sum(free) filter (where over), 0)::bigint as lapsed,
       count(*) filter (where over and free > 0) as lapses,
       coalesce(sum(remaining - spent - free) filter (where over), 0)::bigint as held,
       min(expires_at) filter (where not over and remaining > spent) as next
     from part),
   u as (
     update credit_accounts a set available = a.available - t.lapsed, unattributed = a.unattributed - t.spent,
       expired_held = t.held, next_expires_at = t.next, entries = a.entries + t.lapses, changed = a.changed + 1
     from a0, total t
     where a.org_id = :org and a.changed = a0.changed and a.unattributed = a0.unattributed and a.reserved = a0.reserved
     returning a.available, a.reserved, a.entries, t.lapsed, t.lapses),
   x as (
     update credit_grants g set remaining = g.remaining - p.spent - case when p.over then p.free else 0 end,
       expired = g.expired + case when p.over then p.free else 0 end
     from part p, u where g.org_id = :org and g.id = p.id and (p.spent > 0 or p.over and p.free > 0)),
   e as (
     insert into credit_entries (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, grant_id)
     select :org, u.entries - u.lapses + l.place, 'expire:' || l.id || ':' || l.expired, 'expire', - l.free, 0,
       u.available + u.lapsed - l.so_far, u.reserved, l.id from u, lapse l)
   select not exists (select from u) as stale, coalesce((select lapsed from u), 0) as lapsed from a0`,
)

export interface GrantParams {
  org: OrgId
  id: string
  source: string
  kind: string
  amount: number
  expiresAt: string | null
  note: string | null
}

export const grant = statement<GrantParams, { outcome: Outcome }>(
  'credits.grant',
  `with u as (
     update credit_accounts a set available = a.available + :amount::bigint, entries = a.entries + 1, changed = a.changed + 1,
       next_expires_at = least(a.next_expires_at, :expiresAt::timestamptz)
     where a.org_id = :org and a.available + a.reserved + :amount::bigint <= ${MAX_BALANCE}
       and tenon_credit_is_new(a.org_id, 'grant:' || :source)
     returning a.available, a.reserved, a.entries),
   g as (
     insert into credit_grants (org_id, id, source, kind, amount, remaining, expires_at, note)
     select :org, :id, :source, :kind, :amount::bigint, :amount::bigint, :expiresAt::timestamptz, :note from u),
   e as (
     insert into credit_entries (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, grant_id, note)
     select :org, entries, 'grant:' || :source, 'grant', :amount::bigint, 0, available, reserved, :id, :note from u)
   select case when exists (select from u) then 'done' when tenon_credit_is_new(:org, 'grant:' || :source) then 'refused'
     else 'replayed' end as outcome`,
)

/** Only what nobody has spent or reserved comes back. */
export const revoke = statement<
  { org: OrgId; source: string; key: string; amount: number | null },
  { outcome: Outcome; revoked: number; short: number }
>(
  'credits.revoke',
  `with want as materialized (
     select g.id, a.changed, a.available, coalesce(:amount::bigint, g.amount - g.revoked - g.expired) as wanted,
       least(coalesce(:amount::bigint, g.remaining), g.remaining, a.available) as taken
     from credit_grants g join credit_accounts a using (org_id) where g.org_id = :org and g.source = :source),
   u as (
     update credit_accounts a set available = a.available - w.taken, entries = a.entries + 1, changed = a.changed + 1
     from want w where a.org_id = :org and a.changed = w.changed and a.available = w.available
       and tenon_credit_is_new(a.org_id, :key)
     returning a.available, a.reserved, a.entries, w.id, w.taken, w.wanted),
   x as (
     update credit_grants g set remaining = g.remaining - u.taken, revoked = g.revoked + u.taken
     from u where g.org_id = :org and g.id = u.id),
   e as (
     insert into credit_entries
       (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, grant_id, short)
     select :org, entries, :key, 'revoke', - taken, 0, available, reserved, id, wanted - taken from u)
   select 'done' as outcome, taken as revoked, wanted - taken as short from u
   union all
   select 'replayed', - d_available, short from credit_entries where org_id = :org and key = :key`,
)

/** Comes back as a grant that does not expire, of at most what was captured and not given back yet. */
export const refund = statement<
  { org: OrgId; run: RunId; key: string; amount: number; reason: string; id: string },
  { outcome: Outcome }
>(
  'credits.refund',
  `with u as (
     update credit_accounts a set available = a.available + :amount::bigint, entries = a.entries + 1, changed = a.changed + 1
     where a.org_id = :org and exists (select from credit_holds h where h.org_id = :org and h.run_id = :run)
       and tenon_credit_can_refund(a.org_id, :run, :key, :amount::bigint)
     returning a.available, a.reserved, a.entries),
   x as (
     update credit_holds h set refunded = h.refunded + :amount::bigint from u where h.org_id = :org and h.run_id = :run),
   g as (
     insert into credit_grants (org_id, id, source, kind, amount, remaining, note)
     select :org, :id, :key, 'refund', :amount::bigint, :amount::bigint, :reason from u),
   e as (
     insert into credit_entries
       (org_id, seq, key, kind, d_available, d_reserved, available_after, reserved_after, run_id, grant_id, note)
     select :org, entries, :key, 'refund', :amount::bigint, 0, available, reserved, :run, :id, :reason from u)
   select case when exists (select from u) then 'done' when tenon_credit_is_new(:org, :key) then 'refused'
     else 'replayed' end as outcome`,
)
