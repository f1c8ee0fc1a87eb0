import type { ErrorDetails } from '../../contract/errors.ts'
import type { OrgId } from '../../contract/ids.ts'
import { PARTS } from '../../contract/operation.ts'
import type { Call } from '../../kernel/call.ts'
import { nameOfActor } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import { appendEntry, insertHead } from './audit.sql.ts'
import { canonicalText, genesisHash, type AuditFacts } from './chain.ts'

/** Adds an entry at the end of an organisation's chain, in the transaction of what it tells of. */
export async function appendAudit(sql: Sql, org: OrgId, facts: AuditFacts): Promise<void> {
  const entry = { org, action: facts.action, outcome: facts.outcome, text: canonicalText(facts) }
  const [appended] = await sql.run(appendEntry, entry)
  if (appended !== undefined) return
  await sql.run(insertHead, { org, hash: genesisHash(org) })
  const [second] = await sql.run(appendEntry, entry)
  if (second === undefined) throw new Error('the audit entry was not stored')
}

/** What a call leaves in the trail: who, what, and the ids that it was about. */
export function factsOfCall(
  { operation, ctx, input, envelope, notes, request }: Call,
  outcome: { readonly code: string; readonly details: ErrorDetails } | null,
): AuditFacts {
  return {
    at: ctx.clock.now().toISOString(),
    action: operation.name,
    outcome: outcome === null ? 'done' : 'refused',
    code: outcome?.code ?? null,
    actor: nameOfActor(ctx.actor),
    address: request.address,
    requestId: request.requestId,
    resources: { ...idsOfInput(operation, input), ...idsOfAnswer(envelope?.data) },
    details: outcome?.details ?? notes,
  }
}

function idsOfInput(operation: Call['operation'], input: Call['input']): Record<string, string> {
  const [params] = PARTS
  return Object.fromEntries(
    Object.keys(operation[params].shape).flatMap((name) => {
      const value = input[name]
      return name !== 'org' && typeof value === 'string' ? [[name, value]] : []
    }),
  )
}

/** `id` of the answer, and of each object in it, under the object's name. */
function idsOfAnswer(data: unknown): Record<string, string> {
  if (typeof data !== 'object' || data === null) return {}
  return Object.fromEntries(
    Object.entries(data).flatMap(([name, value]: [string, unknown]) => {
      if (name === 'id' && typeof value === 'string') return [[name, value]]
      const inner = typeof value === 'object' && value !== null && 'id' in value ? value.id : undefined
      return typeof inner === 'string' ? [[name, inner]] : []
    }),
  )
}
