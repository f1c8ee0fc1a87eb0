import { randomUUID } from 'node:crypto'
import { onboardOrganization } from '../../../contract/identity.ts'
import type { DataOf } from '../../../contract/operation.ts'
import { ALL_SCOPES } from '../../../contract/scopes.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import type { Database } from '../../../platform/db/index.ts'
import { seal, unseal } from '../../../platform/kms/index.ts'
import { requestDigest } from '../../idempotency/index.ts'
import { selectOrganization } from '../identity.sql.ts'
import { newApiKey } from '../new-api-key.ts'
import { endJournal, openJournal } from './journal.ts'
import { runSaga, type NewOrganization, type OnboardingStep } from './saga.ts'

export interface OnboardingDeps {
  readonly db: Database
  /** Seals the kept answer, which holds the key. */
  readonly rootKey: string
  readonly steps: readonly OnboardingStep[]
}

type Onboarded = DataOf<typeof onboardOrganization>

/**
 * A saga, since its steps reach beyond this database. With an Idempotency-Key its journal can be found again: a repeat
 * goes on with what was interrupted, and for a day gets the answer of what was done.
 */
export function onboardVerb(deps: OnboardingDeps): BoundVerb {
  const { db, steps, rootKey } = deps
  return implement(onboardOrganization, async (ctx, input) => {
    const { idempotencyKey: key = null, log, requestId, address } = ctx
    const owner = randomUUID()
    const requestSha256 = requestDigest(onboardOrganization.name, input)
    const opened = await openJournal(db, { key, slug: input.slug, requestSha256, owner })
    const lock = { secret: rootKey, place: `onboarding ${key ?? ''}` }
    if (opened.kind === 'answered') {
      const text = unseal(lock, opened.answer)
      // Sealed under another root key: that of another operator, or of before it was changed.
      if (text === null) throw new TenonError('idempotency_key_reused')
      ctx.replayed()
      return JSON.parse(text) as Onboarded
    }
    const org = { ...input, id: opened.org, createdAt: ctx.clock.now(), requestId, address }
    let answer: Onboarded | null = null
    const kept = (made: Onboarded): Buffer | null => {
      answer = made
      return key === null ? null : seal(lock, JSON.stringify(made))
    }
    return runSaga({ db, steps, log, owner }, org, {
      end: () => end(db, { org, owner, kept }),
      answered: () => answer,
    })
  })
}

/** First key, kept answer and the end of the journal in one transaction: no key exists that nobody was told of. */
function end(
  db: Database,
  { org, owner, kept }: { org: NewOrganization; owner: string; kept: (answer: Onboarded) => Buffer | null },
): Promise<Onboarded> {
  const { id, plan, createdAt } = org
  return db.cross('auth', async (sql) => {
    const key = { org: id, name: 'first key', scopes: ALL_SCOPES, createdBy: 'root', createdAt }
    const apiKey = await newApiKey(sql, key)
    const [made] = await sql.run(selectOrganization, { org: id })
    if (made === undefined) throw new Error('the organisation is not there')
    const answer = { org: made, plan, apiKey }
    await endJournal(sql, { org: id, owner, state: 'done', answer: kept(answer) })
    return answer
  })
}
