/** What a key may do. One list for every surface. */
export const SCOPES = {
  'api-keys:read': 'List API keys',
  'api-keys:write': 'Create, rotate and revoke API keys',
  'audit:read': 'Read the audit trail',
  'limits:read': 'Read plan, limits and what is used of them',
  'repositories:read': 'List repositories and projects, and read what was indexed',
  'repositories:write': 'Add, re-index and delete repositories, and group them into projects',
  'search:read': 'Search the code of indexed repositories',
  'runs:read': 'Read runs, their logs and schedules',
  'runs:write': 'Start, pause, cancel and retry runs, and change schedules',
} as const

export type Scope = keyof typeof SCOPES
export const ALL_SCOPES = Object.keys(SCOPES) as readonly Scope[]
