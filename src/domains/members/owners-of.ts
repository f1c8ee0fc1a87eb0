import type { OrgId, UserId } from '../../contract/ids.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import { selectOwners } from './members.sql.ts'

/** People who own an organisation; one that the operator has made may have none. */
export async function ownersOf(tenant: TenantOf, org: OrgId): Promise<readonly UserId[]> {
  return (await tenant(org).read.run(selectOwners, { org })).map(({ id }) => id)
}
