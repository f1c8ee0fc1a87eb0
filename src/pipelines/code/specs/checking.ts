import type { Files } from './files.ts'
import type { Plan } from './plan.ts'
import type { Report } from './report.ts'
import type { SpecIndex } from './spec-index.ts'

/** What each group of rules gets. */
export interface Checking {
  readonly plan: Plan
  readonly index: SpecIndex
  readonly files: Files
  readonly report: Report
}
