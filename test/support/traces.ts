import type { TestDatabase } from './database.ts'

/** What a call has left behind beside its answer. */
export interface Traces {
  /** Calls counted, by whom they are counted on: `org`, or the kind of caller that has a window of its own. */
  readonly counted: Readonly<Record<string, number>>
  readonly audit: readonly AuditTrace[]
}
export interface AuditTrace {
  readonly action: string
  readonly outcome: string
  readonly code: string | null
  readonly actor: string
  readonly requestId: string
  readonly resources: Readonly<Record<string, string>>
  readonly details: unknown
}

interface Counted {
  readonly who: string
  readonly day: string
  readonly used: number
}

/** Runs the work and answers what the limits and the audit trails, of any organisation, have got by it. */
export async function tracesOf<T>(
  database: TestDatabase,
  work: () => Promise<T>,
): Promise<{ answer: T; traces: Traces }> {
  const before = await stateOf(database)
  const answer = await work()
  const after = await stateOf(database)
  const counted: Record<string, number> = {}
  for (const { who, day, used } of after.counts) {
    const known = before.counts.find((one) => one.who === who && one.day === day)?.used ?? 0
    const kind = who.split(' ')[0] ?? ''
    if (used > known) counted[kind] = (counted[kind] ?? 0) + used - known
  }
  const known = new Set(before.entries.map(({ key }) => key))
  return { answer, traces: { counted, audit: after.entries.filter(({ key }) => !known.has(key)).map(traceOf) } }
}

async function stateOf({ query }: TestDatabase) {
  const counts = await query<Counted>(
    `select 'org ' || org_id as who, day::text, day_used as used from rate_windows where subject = ''
     union all select subject, begun_at::text, used from caller_windows`,
  )
  const entries = await query<{ key: string; entry: string }>(
    'select org_id || seq as key, entry from audit_entries order by org_id, seq',
  )
  return { counts, entries }
}

/** In the order of the schema of an entry, from `at` on. */
function traceOf({ entry }: { readonly entry: string }): AuditTrace {
  const [, action, outcome, code, actor, , requestId, resources, details] = JSON.parse(entry) as [
    string,
    string,
    string,
    string | null,
    string,
    string,
    string,
    Record<string, string>,
    unknown,
  ]
  return { action, outcome, code, actor, requestId, resources, details }
}
