import type { OrgId, UserId } from '../../contract/ids.ts'
import type { Role } from '../../contract/roles.ts'
import type { Database } from '../../platform/db/index.ts'
import { findOrganizations } from '../identity/index.ts'
import { selectMemberships } from './members.sql.ts'

export interface Membership {
  readonly id: OrgId
  readonly slug: string
  readonly name: string
  readonly role: Role
}

/** The organisations that are there of those that a person belongs to, oldest membership first. */
export async function membershipsOf(db: Database, user: UserId): Promise<Membership[]> {
  const memberships = await db.accounts.run(selectMemberships, { user })
  if (memberships.length === 0) return []
  const found = await findOrganizations(
    db,
    memberships.map(({ orgId }) => orgId),
  )
  const byId = new Map(found.map((org) => [org.id, org]))
  return memberships.flatMap(({ orgId, role }) => {
    const org = byId.get(orgId)
    return org === undefined ? [] : [{ id: org.id, slug: org.slug, name: org.name, role }]
  })
}
