import type { ClosingStep } from '../domains/identity/index.ts'
import type { CodeIntelligence } from '../pipelines/code/index.ts'
import { deleteSchedules } from '../pipelines/engine/index.ts'
import type { Database } from '../platform/db/index.ts'

/** What the pipelines have of an organisation that was closed. */
export function closingSteps(db: Database, code: CodeIntelligence): ClosingStep[] {
  return [
    { name: 'schedules', run: (org) => deleteSchedules(db, org) },
    { name: 'repositories', run: (org, signal) => code.deleteRepositories(db, { org, signal }) },
  ]
}
