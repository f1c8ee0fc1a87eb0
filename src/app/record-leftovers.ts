import { recordOrphan, resolveOrphan } from '../domains/findings/index.ts'
import type { Leftovers, Unfinished } from '../domains/identity/index.ts'
import { toTenonError } from '../kernel/tenon-error.ts'
import type { Database } from '../platform/db/index.ts'

const KINDS = { onboarding: 'onboarding_left_over', closing: 'closing_left_over' } as const satisfies Record<
  Unfinished,
  string
>

/** What stays behind elsewhere is an orphan of the operator. */
export function recordLeftovers(db: Database): Leftovers {
  return {
    stuck: async (what, { org, step, tries, error }) => {
      const details = { step, tries, code: toTenonError(error).code }
      await recordOrphan(db, { system: 'onboarding', kind: KINDS[what], reference: org, details })
    },
    settled: async (what, org) => {
      await resolveOrphan(db, { system: 'onboarding', kind: KINDS[what], reference: org })
    },
  }
}
