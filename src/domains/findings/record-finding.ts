import type { ErrorDetails } from '../../contract/errors.ts'
import { FINDING_KINDS, type FindingKind, type Severity } from '../../contract/finding-kinds.ts'
import type { OrgId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { resolveBySubject, resolveUnseen, upsertFinding } from './findings.sql.ts'

export interface FoundThing {
  readonly kind: FindingKind
  /** What it is about: with the kind, what makes it the same finding when it is seen again. */
  readonly subject: string
  /** These three are those of the kind unless they are given. */
  readonly severity?: Severity
  readonly cause?: string
  readonly recovery?: string
  /** Shown to the organisation: no secret. */
  readonly details?: ErrorDetails
}

/** Keeps a finding, in the transaction of who has found it. Answers whether it stands open now; one that was ignored does not. */
export async function recordFinding(sql: Sql, org: OrgId, found: FoundThing): Promise<{ open: boolean }> {
  const usual = FINDING_KINDS[found.kind]
  const [row] = await sql.run(upsertFinding, {
    org,
    id: newId('finding'),
    kind: found.kind,
    subject: found.subject,
    source: usual.source,
    severity: found.severity ?? usual.severity,
    cause: found.cause ?? usual.cause,
    recovery: found.recovery ?? usual.recovery,
    details: JSON.stringify(found.details ?? {}),
  })
  return { open: row?.status === 'open' }
}

/** Says that it is over. Answers whether it stood open. */
export async function resolveFinding(
  sql: Sql,
  org: OrgId,
  { kind, subject }: Pick<FoundThing, 'kind' | 'subject'>,
): Promise<{ resolved: boolean }> {
  return { resolved: (await sql.run(resolveBySubject, { org, kind, subject })).length > 0 }
}

/** Says of all findings of these kinds that they are over, but for those that were seen just now. Answers how many were. */
export async function resolveOthers(
  sql: Sql,
  org: OrgId,
  { kinds, seen }: { readonly kinds: readonly FindingKind[]; readonly seen: readonly FoundThing[] },
): Promise<number> {
  const keys = seen.map(({ kind, subject }) => `${kind} ${subject}`)
  return (await sql.run(resolveUnseen, { org, kinds: [...kinds], seen: keys })).length
}
