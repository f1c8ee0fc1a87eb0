import type { Alert, Metric } from '../../contract/alerts.ts'
import type { Id, OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

/** Counts beside what is there; rows are held in the same order by all nodes. */
export const addActivity = statement<{ orgs: OrgId[]; metrics: Metric[]; counts: number[] }>(
  'activity.add',
  `insert into org_activity as a (org_id, metric, hour, count)
   select n.org_id, n.metric, date_trunc('hour', clock_timestamp(), 'UTC'), n.count
   from unnest(:orgs::text[], :metrics::text[], :counts::bigint[]) as n (org_id, metric, count)
   order by n.org_id, n.metric
   on conflict (org_id, metric, hour) do update set count = a.count + excluded.count`,
)

export interface HourCount {
  org: OrgId
  /** When it began, ISO 8601. */
  hour: string
  count: number
}

/** What was counted anew from the rows that it stands for. */
export const setActivity = statement<{ metric: Metric; orgs: OrgId[]; hours: string[]; counts: number[] }>(
  'activity.set',
  `insert into org_activity as a (org_id, metric, hour, count)
   select n.org_id, :metric, n.hour, n.count
   from unnest(:orgs::text[], :hours::timestamptz[], :counts::bigint[]) as n (org_id, hour, count)
   order by n.org_id, n.hour
   on conflict (org_id, metric, hour) do update set count = excluded.count where a.count <> excluded.count`,
)

/** The hour that runs and the one before it, whose last minutes may have been counted late. */
export const selectHours = statement<object, { since: string }>(
  'activity.hours',
  `select date_trunc('hour', clock_timestamp(), 'UTC') - interval '1 hour' as since`,
)

export interface Candidate {
  orgId: OrgId
  metric: Metric
  hour: string
  count: number
  past: number[]
}

/** Hours above the floor that nobody was told of, with those of two weeks before: few, so that most rounds read nothing else. */
export const selectCandidates = statement<{ since: string; metrics: Metric[]; floors: number[] }, Candidate>(
  'activity.candidates',
  `select c.org_id, c.metric, c.hour, c.count, array(
     select p.count::float8 from org_activity p where p.org_id = c.org_id and p.metric = c.metric
     and p.hour >= c.hour - interval '14 days' and p.hour < c.hour) as past
   from unnest(:metrics::text[], :floors::bigint[]) as m (metric, floor)
   join org_activity c on c.metric = m.metric and c.count > m.floor
   where c.hour >= :since::timestamptz
   and not exists (select from alerts a where a.org_id = c.org_id and a.metric = c.metric and a.hour = c.hour)`,
)

export interface NewAlert {
  org: OrgId
  id: Id<'alert'>
  metric: Metric
  hour: string
  count: number
  usual: number
  threshold: number
  /** Whether a webhook is to be told. */
  tells: boolean
}

/** No row when another worker was first. */
export const insertAlert = statement<NewAlert, { id: Id<'alert'> }>(
  'alerts.insert',
  `insert into alerts (org_id, id, metric, hour, count, usual, threshold, next_try_at)
   values (:org, :id, :metric, :hour::timestamptz, :count::bigint, :usual::bigint, :threshold::bigint,
     case when :tells::boolean then clock_timestamp() end)
   on conflict (org_id, metric, hour) do nothing returning id`,
)

export const MAX_TRIES = 10

/** Nobody else takes them until the next try is due: after 1, 2, 4 … minutes, at most six hours. */
export const takeDue = statement<{ limit: number }, Omit<Alert, 'webhook'> & { orgId: OrgId; tries: number }>(
  'alerts.takeDue',
  `with due as (
     select org_id, id from alerts where next_try_at <= clock_timestamp() order by next_try_at limit :limit
     for update skip locked)
   update alerts a set tries = a.tries + 1,
     next_try_at = case when a.tries + 1 < ${MAX_TRIES} then
       clock_timestamp() + least(interval '1 minute' * power(2, a.tries), interval '6 hours') end
   from due d where a.org_id = d.org_id and a.id = d.id
   returning a.org_id, a.id, a.metric, a.hour, a.count, a.usual, a.threshold, a.raised_at, a.tries`,
)

export const markDelivered = statement<{ org: OrgId; id: string }>(
  'alerts.delivered',
  'update alerts set delivered_at = clock_timestamp(), next_try_at = null where org_id = :org and id = :id',
)

/** Older than what is compared, and than what is shown. */
export const deleteOldActivity = statement<object>(
  'activity.deleteOld',
  `delete from org_activity where hour < clock_timestamp() - interval '15 days'`,
)
export const deleteOldAlerts = statement<object>(
  'alerts.deleteOld',
  `delete from alerts where raised_at < clock_timestamp() - interval '90 days'`,
)

export const selectAlerts = statement<
  { org: OrgId; metric: string | null; before: string | null; limit: number },
  Alert
>(
  'alerts.list',
  `select id, metric, hour, count, usual, threshold, raised_at,
     case when delivered_at is not null then 'delivered' when next_try_at is not null then 'pending'
       when tries > 0 then 'failed' else 'none' end as webhook
   from alerts where org_id = :org and (:metric::text is null or metric = :metric) and (:before::text is null or id < :before)
   order by id desc limit :limit`,
)
