import type { OrgId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

/** How long whoever works on a closing is left alone, after its last sign of life. */
const LEASE = `clock_timestamp() + interval '60 seconds'`

/**
 * Held to the end of the transaction; no row when it is closed already. What only names the organisation, such as a run that
 * is being started, does not wait for it: the closing waits for that, at the counts.
 */
export const lockOpen = statement<{ org: OrgId }, { slug: string }>(
  'identity.lockOpenOrganization',
  'select slug from organizations where org_id = :org and closed_at is null for no key update',
)

export const closeOrganization = statement<{ org: OrgId; now: Date }, { closedAt: string }>(
  'identity.closeOrganization',
  'update organizations set closed_at = :now where org_id = :org returning closed_at',
)

export const revokeKeys = statement<{ org: OrgId; now: Date }>(
  'identity.revokeKeys',
  'update api_keys set revoked_at = :now where org_id = :org and revoked_at is null',
)

export const insertClosing = statement<{ org: OrgId }>(
  'identity.insertClosing',
  'insert into organization_closings (org_id) values (:org)',
)

export interface ClosingRow {
  orgId: OrgId
  /** Names of the steps that have ended. */
  done: string[]
  tries: number
}

/** One that is due and that nobody works on. */
export const takeClosing = statement<{ owner: string }, ClosingRow>(
  'identity.takeClosing',
  `update organization_closings set owner = :owner, ready_at = ${LEASE}
   where org_id = (
     select org_id from organization_closings where ended_at is null and ready_at <= clock_timestamp()
     order by ready_at limit 1 for update skip locked)
   returning org_id, done, tries`,
)

/** No row when somebody else has taken over. */
export const noteClosingStep = statement<{ org: OrgId; owner: string; step: string }, { orgId: OrgId }>(
  'identity.noteClosingStep',
  `update organization_closings set done = done || to_jsonb(:step::text), ready_at = ${LEASE}
   where org_id = :org and owner = :owner and ended_at is null returning org_id`,
)

export const endClosing = statement<{ org: OrgId; owner: string }, { orgId: OrgId }>(
  'identity.endClosing',
  `update organization_closings set ended_at = clock_timestamp()
   where org_id = :org and owner = :owner and ended_at is null returning org_id`,
)

/** After a minute, then twice as long each time, at most an hour. */
export const putOffClosing = statement<{ org: OrgId; owner: string }, { tries: number }>(
  'identity.putOffClosing',
  `update organization_closings set tries = tries + 1,
     ready_at = clock_timestamp() + least(60, power(2, least(tries, 10))) * interval '1 minute'
   where org_id = :org and owner = :owner and ended_at is null returning tries`,
)

/** One, with all that it has in every table. By the role that keeps house. */
export const deleteClosed = statement<{ before: Date }, { orgId: OrgId }>(
  'identity.deleteClosedOrganizations',
  `delete from organizations where org_id in (
     select o.org_id from organizations o where o.closed_at <= :before
       and not exists (select from organization_closings c where c.org_id = o.org_id and c.ended_at is null)
     order by o.closed_at limit 1)
   returning org_id`,
)
