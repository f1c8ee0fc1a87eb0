import { ROLES, type Role } from '../../contract/roles.ts'
import type { Scope } from '../../contract/scopes.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

/** Roles that may do nothing but what these scopes allow. */
export function rolesWithin(scopes: readonly Scope[]): readonly Role[] {
  return (Object.keys(ROLES) as Role[]).filter((role) => lackingOf(scopes, role) === undefined)
}

/**
 * Nobody gives, changes or takes away what may do more than they themselves, whether a person or a key.
 *
 * @throws TenonError `forbidden`
 */
export function checkWithin(scopes: readonly Scope[], role: Role): void {
  const lacking = lackingOf(scopes, role)
  if (lacking !== undefined) throw new TenonError('forbidden', { details: { scope: lacking, role } })
}

function lackingOf(scopes: readonly Scope[], role: Role): Scope | undefined {
  return ROLES[role].find((scope) => !scopes.includes(scope))
}
