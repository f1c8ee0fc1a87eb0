import type { OrgId, RunId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'
import { ALIVE } from './claim.sql.ts'

export const selectExpired = statement<object, { orgId: OrgId; id: RunId; pipeline: string }>(
  'engine.expired',
  `select org_id, id, pipeline from runs where status in ${ALIVE} and expires_at < clock_timestamp() order by org_id, id limit 100`,
)

/** An hour after its end a run keeps only the chunks that say why it failed. */
export const archiveRuns = statement<object, { id: RunId }>(
  'engine.archive',
  `with old as (
     select org_id, id from runs
     where ended_at < clock_timestamp() - interval '1 hour' and archived_at is null and active = 0
     order by ended_at limit 100 for update skip locked),
   gone as (
     delete from chunks c using old o where c.org_id = o.org_id and c.run_id = o.id and c.state <> 'failed')
   update runs r set archived_at = clock_timestamp() from old o where r.org_id = o.org_id and r.id = o.id returning r.id`,
)

/** Runs go with their logs when they are older than what is kept. */
export const deleteOldRuns = statement<{ days: number }, { id: RunId }>(
  'engine.deleteOldRuns',
  `delete from runs r using (
     select org_id, id from runs where archived_at is not null and created_at < clock_timestamp() - :days * interval '1 day'
     order by created_at limit 500 for update skip locked) old
   where r.org_id = old.org_id and r.id = old.id returning r.id`,
)
