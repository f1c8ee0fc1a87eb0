import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'
import { ALIVE } from './claim.sql.ts'

export const selectExpired = statement<object, { orgId: OrgId; id: RunId; pipeline: string }>(
  'engine.expired',
  `select org_id, id, pipeline from runs where status in ${ALIVE} and expires_at < clock_timestamp() order by org_id, id limit 100`,
)

/** An hour after its end a run can not be tried again, and its chunks go but for those that say why it failed. */
export const archiveRuns = statement<object, { orgId: OrgId; id: RunId }>(
  'engine.archive',
  `update runs r set archived_at = clock_timestamp() from (
     select org_id, id from runs
     where ended_at < clock_timestamp() - interval '1 hour' and archived_at is null and active = 0
     order by ended_at limit 100 for update skip locked) old
   where r.org_id = old.org_id and r.id = old.id returning r.org_id, r.id`,
)

/** A part of them, since a run may have very many; no row when none is left. */
export const deleteChunks = statement<{ org: OrgId; run: RunId }, { n: number }>(
  'engine.deleteChunks',
  `with part as (
     select step, n from chunks where org_id = :org and run_id = :run and state <> 'failed' limit 5000)
   delete from chunks c using part p
   where c.org_id = :org and c.run_id = :run and c.step = p.step and c.n = p.n returning c.n`,
)

/** Runs go with their logs when they are older than what is kept. */
export const deleteOldRuns = statement<{ days: number }, { id: RunId }>(
  'engine.deleteOldRuns',
  `delete from runs r using (
     select org_id, id from runs where archived_at is not null and created_at < clock_timestamp() - :days * interval '1 day'
     order by created_at limit 500 for update skip locked) old
   where r.org_id = old.org_id and r.id = old.id returning r.id`,
)
