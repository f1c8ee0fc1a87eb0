import { recordOrphan, resolveOrphansUnseen } from '../findings/index.ts'
import { stuckOnboardings } from '../identity/index.ts'
import { databaseNow, stopWhen, type WholeCheck } from './check-customers.ts'

/** Somebody who has just signed up is about to make an organisation, or waits for an invitation. */
const PEOPLE_MINUTES = 24 * 60

/** Organisations that were never made to the end, and people who belong to none. */
export async function checkLooseEnds({ deps, dryRun, tally, signal }: WholeCheck): Promise<void> {
  const { db, usersWithoutOrg } = deps
  const since = await databaseNow(deps)
  const { count, stuck } = await stuckOnboardings(db)
  tally.checked('onboardings', count)
  for (const { org, slug, state, steps } of stuck) {
    tally.saw({ check: 'onboardings', org: null, kind: 'onboarding_stuck', subject: org, repaired: false })
    const details = { slug, state, steps: [...steps] }
    if (!dryRun) await recordOrphan(db, { system: 'onboarding', kind: 'onboarding_stuck', reference: org, details })
  }
  for await (const user of usersWithoutOrg?.(PEOPLE_MINUTES) ?? []) {
    stopWhen(signal)
    tally.checked('people')
    tally.saw({ check: 'people', org: null, kind: 'user_without_org', subject: user, repaired: false })
    if (!dryRun) await recordOrphan(db, { system: 'accounts', kind: 'user_without_org', reference: user })
  }
  if (!dryRun) await resolveOrphansUnseen(db, { kinds: ['onboarding_stuck', 'user_without_org'], since })
}
