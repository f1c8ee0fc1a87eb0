import { randomUUID } from 'node:crypto'
import { createOrganization, onboardOrganization } from '../../../contract/identity.ts'
import type { UserId } from '../../../contract/ids.ts'
import type { DataOf } from '../../../contract/operation.ts'
import type { PlanName } from '../../../contract/plans.ts'
import { ALL_SCOPES } from '../../../contract/scopes.ts'
import type { Ctx } from '../../../kernel/ctx.ts'
import { failpoint } from '../../../kernel/failpoint.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../../kernel/verb.ts'
import { seal, unseal } from '../../../platform/kms/index.ts'
import { requestDigest } from '../../idempotency/index.ts'
import { selectOrganization } from '../identity.sql.ts'
import { newApiKey } from '../new-api-key.ts'
import { endJournal, openJournal } from './journal.ts'
import { runSaga, type NewOrganization, type SagaParts } from './saga.ts'

export interface OnboardingDeps extends SagaParts {
  /** Seals the kept answer, which holds the key. */
  readonly rootKey: string
}

type Onboarded = DataOf<typeof onboardOrganization>

/** By the operator, on any plan. */
export function onboardVerb(deps: OnboardingDeps): BoundVerb {
  return implement(onboardOrganization, (ctx, input) =>
    onboard(deps, ctx, { ...input, owner: null, requestSha256: requestDigest(onboardOrganization.name, input) }),
  )
}

/** By a person, who owns it: always on the plan that costs nothing. */
export function createOrganizationVerb(deps: OnboardingDeps): BoundVerb {
  return implement(createOrganization, (ctx, input) => {
    const { actor } = ctx
    if (actor.kind !== 'user') throw new TenonError('forbidden', { details: { needs: 'session' } })
    const requestSha256 = requestDigest(createOrganization.name, input)
    return onboard(deps, ctx, { ...input, plan: 'free', owner: actor.id, requestSha256 })
  })
}

interface Wanted {
  readonly slug: string
  readonly name: string
  readonly plan: PlanName
  readonly owner: UserId | null
  readonly requestSha256: Buffer
}

/**
 * A saga, since its steps reach beyond this database. With an Idempotency-Key its journal can be found again: a repeat
 * goes on with what was interrupted, and for a day gets the answer of what was done.
 */
async function onboard(deps: OnboardingDeps, ctx: Ctx, { requestSha256, ...wanted }: Wanted): Promise<Onboarded> {
  const { db, rootKey } = deps
  const { requestId, address } = ctx
  const key = keyOf(ctx, wanted.owner)
  const owner = randomUUID()
  const opened = await openJournal(db, { key, person: wanted.owner, slug: wanted.slug, requestSha256, owner })
  const lock = { secret: rootKey, place: `onboarding ${key ?? ''}` }
  if (opened.kind === 'answered') {
    const text = unseal(lock, opened.answer)
    // Sealed under another root key: that of another operator, or of before it was changed.
    if (text === null) throw new TenonError('idempotency_key_reused')
    ctx.replayed()
    return JSON.parse(text) as Onboarded
  }
  const org = { ...wanted, id: opened.org, createdAt: ctx.clock.now(), requestId, address }
  let answer: Onboarded | null = null
  const kept = (made: Onboarded): Buffer | null => {
    answer = made
    return key === null ? null : seal(lock, JSON.stringify(made))
  }
  return runSaga({ ...deps, owner }, org, { end: () => end(deps, { org, owner, kept }), answered: () => answer })
}

/** The keys of a person are their own: none of another's, nor of the operator's, has a space in it. */
function keyOf({ idempotencyKey }: Ctx, person: UserId | null): string | null {
  if (idempotencyKey === undefined) return null
  return person === null ? idempotencyKey : `${person} ${idempotencyKey}`
}

/** First key, kept answer and the end of the journal in one transaction: no key exists that nobody was told of. */
function end(
  { db }: OnboardingDeps,
  { org, owner, kept }: { org: NewOrganization; owner: string; kept: (answer: Onboarded) => Buffer | null },
): Promise<Onboarded> {
  const { id, plan, createdAt } = org
  return db.cross('auth', async (sql) => {
    const createdBy = org.owner ?? 'root'
    const apiKey = await newApiKey(sql, { org: id, name: 'first key', scopes: ALL_SCOPES, createdBy, createdAt })
    const [made] = await sql.run(selectOrganization, { org: id })
    if (made === undefined) throw new Error('the organisation is not there')
    const answer = { org: made, plan, apiKey }
    await endJournal(sql, { org: id, owner, state: 'done', answer: kept(answer) })
    await failpoint('onboarding.ending')
    return answer
  })
}
