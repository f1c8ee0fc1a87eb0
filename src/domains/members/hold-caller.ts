import { ROLES } from '../../contract/roles.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { holdMember, lockMembers, type MemberRow } from './members.sql.ts'

const NEEDED: Scope = 'members:write'

/**
 * What the caller may do, as it is now: a role that was changed since the call was let in counts as changed, and can not
 * be changed before this transaction ends.
 *
 * @throws TenonError `not_found` when a person is no member any more, `forbidden`
 */
export async function holdCaller({ actor, sql, orgId, scopes }: Ctx): Promise<readonly Scope[]> {
  if (actor.kind !== 'user') return scopes
  const [held] = await sql.run(holdMember, { org: orgId(), user: actor.id })
  return scopesOf(held)
}

export interface Locked {
  readonly member: MemberRow
  readonly scopes: readonly Scope[]
  /** Nobody else is an owner. */
  readonly isLastOwner: boolean
}

/**
 * A member who is about to be changed, with all who matter for it.
 *
 * @throws TenonError `not_found`, `forbidden`
 */
export async function lockMember({ actor, sql, orgId, scopes }: Ctx, id: string): Promise<Locked> {
  const caller = actor.kind === 'user' ? actor.id : null
  const users = caller === null ? [id] : [id, caller]
  const rows = await sql.run(lockMembers, { org: orgId(), users })
  const held = caller === null ? scopes : scopesOf(rows.find((row) => row.id === caller))
  const member = rows.find((row) => row.id === id)
  if (member === undefined) throw new TenonError('not_found')
  const owners = rows.filter(({ role }) => role === 'owner')
  return { member, scopes: held, isLastOwner: member.role === 'owner' && owners.length === 1 }
}

function scopesOf(held: Pick<MemberRow, 'role'> | undefined): readonly Scope[] {
  if (held === undefined) throw new TenonError('not_found')
  return ROLES[held.role]
}

/** @throws TenonError `forbidden` for somebody whose role was changed since their call was let in */
export function checkStillMay(scopes: readonly Scope[]): void {
  if (!scopes.includes(NEEDED)) throw new TenonError('forbidden', { details: { scope: NEEDED } })
}
