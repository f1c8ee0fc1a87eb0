import type { OrgId, UserId } from '../../../contract/ids.ts'
import { statement } from '../../../kernel/statement.ts'

export type OnboardingState = 'running' | 'done' | 'undone' | 'stuck'

/** How long whoever works on a journal is left alone, after its last sign of life. */
const LEASE = `clock_timestamp() + interval '60 seconds'`
const KEPT = `interval '24 hours'`

export interface JournalRow {
  orgId: OrgId
  requestSha256: Buffer
  state: OnboardingState
  held: boolean
  /** Names of the steps that were begun. */
  steps: string[]
  answer: Buffer | null
}

const JOURNAL = `org_id, request_sha256, state, state = 'running' and lease_until > clock_timestamp() as held, steps, answer`

/** A key may be used anew after a day. */
export const releaseKey = statement<{ key: string }>(
  'identity.releaseOnboardingKey',
  `update onboardings set idempotency_key = null
   where idempotency_key = :key and created_at <= clock_timestamp() - ${KEPT} and not (state = 'running' and lease_until > clock_timestamp())`,
)

/** No row when another onboarding has the key. */
export const insertJournal = statement<
  { org: OrgId; key: string | null; person: UserId | null; slug: string; requestSha256: Buffer; owner: string },
  { orgId: OrgId }
>(
  'identity.insertOnboarding',
  `insert into onboardings (org_id, idempotency_key, person, slug, request_sha256, state, owner, lease_until)
   values (:org, :key, :person, :slug, :requestSha256, 'running', :owner, ${LEASE})
   on conflict (idempotency_key) do nothing returning org_id`,
)

/** One after the other to the end of the transaction, for a count over them to hold. */
export const lockPerson = statement<{ person: UserId }>(
  'identity.lockPersonOfOnboarding',
  `select pg_advisory_xact_lock(hashtextextended(:person, 7420002))`,
)

/** How many organisations a person has made, or is making, within a day. */
export const countByPerson = statement<{ person: UserId }, { count: number }>(
  'identity.countOnboardingsOfPerson',
  `select count(*) from onboardings
   where person = :person and state <> 'undone' and created_at > clock_timestamp() - ${KEPT}`,
)

export const lockJournal = statement<{ key: string }, JournalRow>(
  'identity.lockOnboarding',
  `select ${JOURNAL} from onboardings where idempotency_key = :key for update`,
)

export const takeOver = statement<{ org: OrgId; owner: string; slug: string; requestSha256: Buffer }>(
  'identity.takeOverOnboarding',
  `update onboardings set state = 'running', owner = :owner, lease_until = ${LEASE}, slug = :slug, request_sha256 = :requestSha256
   where org_id = :org`,
)

/** No row when somebody else has taken over, or it has ended. */
export const beginStep = statement<{ org: OrgId; owner: string; step: string }, { orgId: OrgId }>(
  'identity.beginOnboardingStep',
  `update onboardings set lease_until = ${LEASE},
     steps = case when steps ? :step then steps else steps || to_jsonb(:step::text) end
   where org_id = :org and owner = :owner and state = 'running' returning org_id`,
)

/** Whose it is, held to the end of the transaction: nobody takes over meanwhile. */
export const holdJournal = statement<{ org: OrgId; owner: string }, { orgId: OrgId }>(
  'identity.holdOnboarding',
  `select org_id from onboardings where org_id = :org and owner = :owner and state = 'running' for update`,
)

export const selectState = statement<{ org: OrgId; owner: string }, { state: OnboardingState }>(
  'identity.stateOfOnboarding',
  'select state from onboardings where org_id = :org and owner = :owner',
)

export const beginUndo = statement<{ org: OrgId; owner: string }, { steps: string[] }>(
  'identity.beginOnboardingUndo',
  `update onboardings set lease_until = ${LEASE}
   where org_id = :org and owner = :owner and state = 'running' returning steps`,
)

/** Each time that it is stuck is counted. */
export const endJournal = statement<
  { org: OrgId; owner: string; state: Exclude<OnboardingState, 'running'>; answer: Buffer | null },
  { tries: number }
>(
  'identity.endOnboarding',
  `update onboardings set state = :state, answer = :answer, tries = tries + case :state::text when 'stuck' then 1 else 0 end
   where org_id = :org and owner = :owner and state = 'running' returning tries`,
)

/** Takes over one that nobody works on any more, or whose undoing has failed. */
export const takeAbandoned = statement<{ owner: string }, { orgId: OrgId }>(
  'identity.takeAbandonedOnboarding',
  `update onboardings set state = 'running', owner = :owner, lease_until = ${LEASE}
   where org_id = (
     select org_id from onboardings
     where state in ('running', 'stuck') and lease_until < clock_timestamp() - interval '10 minutes'
     order by lease_until limit 1 for update skip locked)
   returning org_id`,
)

/** By the role that keeps house. */
export const deleteOldJournals = statement<object>(
  'identity.deleteOldOnboardings',
  `delete from onboardings where state in ('done', 'undone') and created_at <= clock_timestamp() - ${KEPT}`,
)
