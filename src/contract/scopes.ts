/** What a key may do. One list for every surface. */
export const SCOPES = {
  'api-keys:read': 'List API keys',
  'api-keys:write': 'Create, rotate and revoke API keys',
  'audit:read': 'Read the audit trail',
  'limits:read': 'Read plan, limits and what is used of them',
  'repositories:read': 'List repositories and projects, and read what was indexed',
  'repositories:write': 'Add, re-index and delete repositories, and group them into projects',
  'search:read': 'Search the code of indexed repositories',
  'members:read': 'List members and invitations',
  'members:write': 'Invite, change and remove members',
  'billing:read': 'Read the subscription',
  'billing:write': 'Subscribe, buy credits and change the subscription',
  'credits:read': 'Read credits and what they were spent on',
  'findings:read': 'Read findings and alerts',
  'organizations:write': 'Rename and delete the organisation',
  'runs:read': 'Read runs, their logs and schedules',
  'runs:write': 'Start, pause, cancel and retry runs, and change schedules',
} as const

export type Scope = keyof typeof SCOPES
export const ALL_SCOPES = Object.keys(SCOPES) as readonly Scope[]
