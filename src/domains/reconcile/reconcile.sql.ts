import type { OrgId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

export type ReconcileState = 'synced' | 'pending' | 'failed'

export const upsertReconciliation = statement<{
  org: OrgId
  state: ReconcileState
  checked: number
  found: number
  repaired: number
}>(
  'reconcile.upsert',
  `insert into reconciliations (org_id, state, checked, found, repaired)
   values (:org, :state, :checked::int, :found::int, :repaired::int)
   on conflict (org_id) do update set state = excluded.state, checked = excluded.checked, found = excluded.found,
     repaired = excluded.repaired, reconciled_at = excluded.reconciled_at`,
)

export const selectReconciliation = statement<
  { org: OrgId },
  { state: ReconcileState; reconciledAt: string; checked: number; found: number; repaired: number }
>('reconcile.get', 'select state, reconciled_at, checked, found, repaired from reconciliations where org_id = :org')

/** A moment of the database, which orphans are compared with. */
export const selectNow = statement<object, { now: string }>('reconcile.now', 'select clock_timestamp()::text as now')

/** No row while somebody is at it, or when the last round has begun less than an hour ago and is through. */
export const takeLease = statement<{ owner: string }, { cursor: string | null }>(
  'reconcile.takeLease',
  `update reconcile_lease set owner = :owner, lease_until = clock_timestamp() + interval '10 minutes',
     cursor = case when began_at is null or ended_at is not null then null else cursor end,
     began_at = case when began_at is null or ended_at is not null then clock_timestamp() else began_at end, ended_at = null
   where lease_until < clock_timestamp()
   and (began_at is null or ended_at is null or began_at < clock_timestamp() - interval '1 hour')
   returning cursor`,
)

/** Lets go; with `ended` the round is through. */
export const leaveLease = statement<{ owner: string; cursor: string | null; ended: boolean }>(
  'reconcile.leaveLease',
  `update reconcile_lease set lease_until = '-infinity', cursor = :cursor,
     ended_at = case when :ended::boolean then clock_timestamp() end
   where owner = :owner`,
)
