import { z } from 'zod'
import { ALL_SCOPES, type Scope } from './scopes.ts'

const READ = ALL_SCOPES.filter((scope) => scope.endsWith(':read'))
const WORK: readonly Scope[] = ['repositories:write', 'runs:write']

/** What a member of an organisation may do, by role; from most to least. */
export const ROLES = {
  owner: ALL_SCOPES,
  admin: ALL_SCOPES.filter((scope) => scope !== 'organizations:write' && scope !== 'billing:write'),
  member: [...READ.filter((scope) => scope !== 'audit:read'), ...WORK],
  viewer: READ.filter((scope) => scope !== 'audit:read' && scope !== 'billing:read' && scope !== 'api-keys:read'),
} as const satisfies Record<string, readonly Scope[]>
export type Role = keyof typeof ROLES

export const role = z.enum(Object.keys(ROLES) as [Role])
