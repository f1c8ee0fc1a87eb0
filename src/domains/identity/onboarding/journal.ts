import type { OrgId, UserId } from '../../../contract/ids.ts'
import { newId } from '../../../kernel/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Database } from '../../../platform/db/index.ts'
import * as journals from './journal.sql.ts'

export interface JournalRequest {
  readonly key: string | null
  /** Who makes it; null for the operator. */
  readonly person: UserId | null
  readonly slug: string
  readonly requestSha256: Buffer
  /** Names whoever works on it now: what an earlier owner still does is refused. */
  readonly owner: string
}

export type Opened =
  | { readonly kind: 'open'; readonly org: OrgId }
  | { readonly kind: 'answered'; readonly answer: Buffer }

/** What each gives to a new organisation must not be had without end. */
const MOST_IN_A_DAY = 10

/**
 * A new journal, or with the same key the one that was begun before.
 *
 * @throws TenonError `idempotency_key_reused`, `idempotency_in_progress`, `too_many_organizations`
 */
export async function openJournal(db: Database, request: JournalRequest): Promise<Opened> {
  const { key, person, slug, requestSha256, owner } = request
  return db.cross('auth', async (sql) => {
    if (key !== null) await sql.run(journals.releaseKey, { key })
    if (person !== null) await sql.run(journals.lockPerson, { person })
    const [made] = await sql.run(journals.insertJournal, { ...request, org: newId('org') })
    if (made !== undefined) {
      const [already] = person === null ? [] : await sql.run(journals.countByPerson, { person })
      if ((already?.count ?? 0) > MOST_IN_A_DAY)
        throw new TenonError('too_many_organizations', { details: { limit: MOST_IN_A_DAY } })
      return { kind: 'open', org: made.orgId }
    }
    const [found] = await sql.run(journals.lockJournal, { key: key ?? '' })
    if (found === undefined || found.held) throw new TenonError('idempotency_in_progress')
    // Of what was undone nothing is left: the key may stand for another request, such as the corrected one.
    if (found.state !== 'undone' && !found.requestSha256.equals(requestSha256))
      throw new TenonError('idempotency_key_reused')
    if (found.answer !== null) return { kind: 'answered', answer: found.answer }
    await sql.run(journals.takeOver, { org: found.orgId, owner, slug, requestSha256 })
    return { kind: 'open', org: found.orgId }
  })
}

/** Answers how often it could not be undone. @throws TenonError `idempotency_in_progress` when somebody else has taken over */
export async function endJournal(
  sql: Sql,
  end: { org: OrgId; owner: string; state: Exclude<journals.OnboardingState, 'running'>; answer: Buffer | null },
): Promise<number> {
  const [ended] = await sql.run(journals.endJournal, end)
  if (ended === undefined) throw new TenonError('idempotency_in_progress')
  return ended.tries
}
