import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { listFindingsVerb } from './list-findings.ts'
import { listOrphansVerb } from './list-orphans.ts'
import { resolveByHandVerb } from './resolve-by-hand.ts'

export { recordFinding, resolveFinding, resolveOthers, type FoundThing } from './record-finding.ts'
export { recordOrphan, resolveOrphan, resolveOrphansUnseen, type OrphanThing } from './record-orphan.ts'

export function findingsVerbs(db: Database): readonly BoundVerb[] {
  return [listFindingsVerb, resolveByHandVerb, listOrphansVerb(db)]
}
