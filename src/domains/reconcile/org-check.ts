import type { FoundThing } from '../findings/index.ts'
import type { FindingKind } from '../../contract/finding-kinds.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { CheckName } from '../../contract/reconcile.ts'
import type { ReconcileDeps } from './deps.ts'
import type { Tally } from './tally.ts'

/** One organisation under comparison. */
export interface OrgCheck {
  readonly deps: ReconcileDeps
  readonly org: OrgId
  readonly dryRun: boolean
  readonly tally: Tally
  /** What is left: kept as findings at the end. */
  readonly left: FoundThing[]
}

export function sawRepaired({ tally, org }: OrgCheck, check: CheckName, kind: FindingKind, subject: string): void {
  tally.saw({ check, org, kind, subject, repaired: true })
}

export function sawLeft({ tally, org, left }: OrgCheck, check: CheckName, found: FoundThing): void {
  left.push(found)
  tally.saw({ check, org, kind: found.kind, subject: found.subject, repaired: false })
}
