import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Of the calls that wait, how many each subject was granted, and where it stands now; seconds to the end of its windows. */
export interface GrantRow {
  subject: string
  granted: number
  hourUsed: number
  dayUsed: number
  hourSeconds: number
  daySeconds: number
}

/**
 * One statement for all calls of an organisation that wait on this node. It locks the rows first and computes on what it
 * locked, so the count is exact over all nodes; both windows are raised together or not at all. Windows are those of the
 * database's clock, and never go back. Subject '' is the organisation: a call of a subject with its own limit counts on
 * both. Fewer rows than subjects: some do not exist yet, and nothing was counted.
 */
export const takePermits = statement<
  { org: OrgId; subjects: string[]; counts: number[]; perHour: number[]; perDay: number[] },
  GrantRow
>(
  'limits.takePermits',
  `with wanted as (
     select * from unnest(:subjects::text[], :counts::int[], :perHour::int[], :perDay::int[]) as w (subject, n, per_hour, per_day)),
   clock as (select date_trunc('hour', clock_timestamp()) as hour, date_trunc('day', clock_timestamp()) as day),
   locked as materialized (
     select subject, hour, hour_used, day, day_used from rate_windows
     where org_id = :org and subject = any(:subjects) order by subject for update),
   state as (
     select w.subject, w.n, greatest(l.hour, c.hour) as hour, greatest(l.day, c.day) as day,
       case when l.hour >= c.hour then l.hour_used else 0 end as hour_used,
       case when l.day >= c.day then l.day_used else 0 end as day_used, w.per_hour, w.per_day
     from locked l join wanted w using (subject) cross join clock c
     where (select count(*) from locked) = cardinality(:subjects)),
   room as (select *, greatest(0, least(per_hour - hour_used, per_day - day_used)) as room from state),
   asked as (select subject, case when subject = '' then n else least(n, room) end as n from room),
   queue as (select subject, n, sum(n) over (order by subject) as upto from asked),
   granted as (
     select q.subject, greatest(0, least(q.n, r.room - (q.upto - q.n)))::int as granted
     from queue q cross join (select room from room where subject = '') r),
   total as (select sum(granted)::int as granted from granted),
   raised as (
     update rate_windows w set hour = s.hour, day = s.day,
       hour_used = s.hour_used + case when s.subject = '' then t.granted else g.granted end,
       day_used = s.day_used + case when s.subject = '' then t.granted else g.granted end
     from state s join granted g using (subject) cross join total t
     where w.org_id = :org and w.subject = s.subject
     returning w.subject, g.granted, w.hour_used, w.day_used, w.hour, w.day)
   select subject, granted, hour_used, day_used,
     extract(epoch from hour + interval '1 hour' - clock_timestamp())::float8 as hour_seconds,
     extract(epoch from day + interval '1 day' - clock_timestamp())::float8 as day_seconds from raised`,
)

export const insertWindows = statement<{ org: OrgId; subjects: string[] }>(
  'limits.insertWindows',
  `insert into rate_windows (org_id, subject, hour, hour_used, day, day_used)
   select :org, s, date_trunc('hour', clock_timestamp()), 0, date_trunc('day', clock_timestamp()), 0
   from unnest(:subjects::text[]) as s order by s
   on conflict (org_id, subject) do nothing`,
)

export const selectWindow = statement<{ org: OrgId }, { hourUsed: number; dayUsed: number }>(
  'limits.window',
  `select case when hour = date_trunc('hour', clock_timestamp()) then hour_used else 0 end as hour_used,
     case when day = date_trunc('day', clock_timestamp()) then day_used else 0 end as day_used
   from rate_windows where org_id = :org and subject = ''`,
)

export interface CallerWindowRow {
  used: number
  granted: boolean
  seconds: number
}

/** Over the limit nothing is counted any more, and the row says when the window ends. */
export const takeCallerPermit = statement<{ subject: string; calls: number; windowSeconds: number }, CallerWindowRow>(
  'limits.takeCallerPermit',
  `with clock as (
     select to_timestamp(floor(extract(epoch from clock_timestamp()) / :windowSeconds::int) * :windowSeconds::int) as begun_at),
   taken as (
     insert into caller_windows as w (subject, begun_at, ends_at, used)
     select :subject, begun_at, begun_at + :windowSeconds::int * interval '1 second', 1 from clock
     on conflict (subject) do update set
       used = case when w.begun_at >= excluded.begun_at then w.used + 1 else 1 end,
       begun_at = greatest(w.begun_at, excluded.begun_at), ends_at = greatest(w.ends_at, excluded.ends_at)
     where w.used < :calls::int or w.begun_at < excluded.begun_at
     returning used, ends_at)
   select used, true as granted, extract(epoch from ends_at - clock_timestamp())::float8 as seconds from taken
   union all
   select :calls::int, false, extract(epoch from begun_at + :windowSeconds::int * interval '1 second' - clock_timestamp())::float8
   from clock where not exists (select from taken)`,
)

export const deleteEndedWindows = statement<object>(
  'limits.deleteEndedWindows',
  'delete from caller_windows where ends_at < clock_timestamp()',
)
