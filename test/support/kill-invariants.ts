import type pg from 'pg'

/** What must hold at every moment, looked at in one snapshot: counts are what they count, no run is half made. */
const DRIFT = `
  select 'run ' || r.id || ' has ' || c.claimed || ' chunks under way and counts ' || r.active as what
  from runs r cross join lateral (
    select count(*) as claimed from chunks c where c.org_id = r.org_id and c.run_id = r.id and c.state = 'claimed') c
  where r.active <> c.claimed
  union all
  select 'organisation ' || o.org_id || ' has ' || a.alive || ' runs and counts ' || coalesce(u.used, 0)
  from organizations o left join org_usage u on u.org_id = o.org_id and u.quota = 'concurrentRuns'
  cross join lateral (select count(*) as alive from runs r where r.org_id = o.org_id and r.ended_at is null) a
  where a.alive <> coalesce(u.used, 0)
  union all
  select 'organisation ' || o.org_id || ' has started ' || a.count || ' runs and counts ' || coalesce(u.used, 0)
  from organizations o left join org_usage u on u.org_id = o.org_id and u.quota = 'runsPerDay'
  cross join lateral (
    select count(*) as count from runs r where r.org_id = o.org_id
      and (r.created_at at time zone 'UTC')::date = coalesce(u.day, (r.created_at at time zone 'UTC')::date)) a
  where a.count <> coalesce(u.used, 0)
  union all
  select 'organisation ' || a.org_id || ' has ' || a.available || ' + ' || a.reserved || ' credits and in its ledger '
    || e.available || ' + ' || e.reserved
  from credit_accounts a cross join lateral (
    select coalesce(sum(d_available), 0) as available, coalesce(sum(d_reserved), 0) as reserved, count(*) as entries
    from credit_entries e where e.org_id = a.org_id) e
  where a.available <> e.available or a.reserved <> e.reserved or a.entries <> e.entries
  union all
  select 'run ' || h.run_id || ' holds ' || h.amount - h.captured - h.released || ' and its ledger ' || e.reserved
  from credit_holds h cross join lateral (
    select coalesce(sum(d_reserved), 0) as reserved, coalesce(- sum(d_reserved) filter (where kind = 'capture'), 0) as captured
    from credit_entries e where e.org_id = h.org_id and e.run_id = h.run_id) e
  where h.amount - h.captured - h.released <> e.reserved or h.captured <> e.captured
  union all
  select 'credits of no run ' || h.run_id from credit_holds h
  where not exists (select from runs r where r.org_id = h.org_id and r.id = h.run_id)
  union all
  select 'run ' || r.id || ' is ' || r.status || ' and its reservation is ' || case when h.open then 'open' else 'closed' end
  from runs r left join credit_holds h on h.org_id = r.org_id and h.run_id = r.id
  where r.price_run is not null and h.open is distinct from (r.ended_at is null)
  union all
  select 'run ' || r.id || ' was charged ' || h.captured || ' for ' || r.chunks_done || ' chunks'
  from runs r join credit_holds h on h.org_id = r.org_id and h.run_id = r.id
  where h.captured <> r.chunks_done * r.price_chunk + case when r.status = 'succeeded' then r.price_run else 0 end
  union all
  select 'run ' || id || ' has no plan' from runs r
  where not exists (select from chunks c where c.org_id = r.org_id and c.run_id = r.id and c.step = 'plan')
  union all
  select 'run ' || r.id || ' has no start' from runs r
  where not exists (select from effects e where e.run_id = r.id and e.what = 'started')
  union all
  select 'effects of no run ' || run_id from effects e where not exists (select from runs r where r.id = e.run_id)
  union all
  select 'twice: ' || run_id || ' ' || what from effects group by run_id, what having count(*) > 1`

/** What must hold besides when everything has ended. */
const UNENDED = `
  select 'run ' || id || ' is ' || status || coalesce(' ' || error_code, '') as what from runs
  where status <> case when (input ->> 'fails')::boolean then 'failed' else 'succeeded' end
    or ended_at is null
  union all
  select 'run ' || run_id || ' has left ' || step || ' ' || n || ' ' || state from chunks where state in ('claimed', 'ready')
  union all
  select 'run ' || r.id || ' has done ' || c.work || ' of ' || (input ->> 'chunks') || ' and counts ' || r.chunks_done
  from runs r cross join lateral (
    select count(*) as work from chunks c
    where c.org_id = r.org_id and c.run_id = r.id and c.step = 'work' and c.state = 'done') c
  where r.status = 'succeeded' and (c.work <> (input ->> 'chunks')::int or r.chunks_done <> c.work
    or r.summary is distinct from jsonb_build_object('results', c.work))
  union all
  select 'run ' || r.id || ' lacks ' || e.what from runs r cross join lateral (
    select unnest(array['planned', 'finished']) as what
    union all select 'work ' || n from generate_series(1, (r.input ->> 'chunks')::int - 1, 2) n) e
  where r.status = 'succeeded' and not exists (select from effects x where x.run_id = r.id and x.what = e.what)
  union all
  select 'run ' || r.id || ' has ' || e.what from runs r join effects e on e.run_id = r.id
  where r.status = 'succeeded' and e.what = 'stopped' or r.status <> 'succeeded' and e.what = 'finished'
  union all
  select 'run ' || r.id || ' was not told that it failed' from runs r
  where r.status = 'failed' and not exists (select from effects e where e.run_id = r.id and e.what = 'stopped')`

type Queries = Pick<pg.Pool, 'query'>

export async function findDrift(owner: Queries): Promise<string[]> {
  return (await owner.query<{ what: string }>(DRIFT)).rows.map(({ what }) => what)
}

export async function findViolations(owner: Queries): Promise<string[]> {
  const { rows } = await owner.query<{ what: string }>(`${DRIFT} union all ${UNENDED}`)
  return rows.map(({ what }) => what)
}

export interface Totals {
  readonly runs: number
  readonly chunks: number
  readonly effects: number
  /** Chunks whose worker was lost, and attempts beyond the first. */
  readonly lost: number
  readonly attempts: number
}

export async function totalsOf(owner: Queries): Promise<Totals> {
  const { rows } = await owner.query<Totals>(`
    select (select count(*)::int from runs) as runs, (select count(*)::int from effects) as effects,
      (select count(*)::int from chunks where step = 'work') as chunks,
      (select coalesce(sum(lost), 0)::int from chunks) as lost,
      (select coalesce(sum(attempt % 65536 - 1), 0)::int from chunks where attempt % 65536 > 1) as attempts`)
  const [totals] = rows
  if (totals === undefined) throw new Error('no totals')
  return totals
}
