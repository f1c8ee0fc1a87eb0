import { dialectOf } from '../graph/facts.ts'
import type { Checking } from './checking.ts'
import { isKnown } from './known.ts'
import type { Resolution } from './spec-index.ts'

/** An import that the plan is to write. */
export interface PlannedImport extends Resolution {
  /** Of the importing file. */
  readonly from: string
  readonly specifier: string
}

/** Those in languages that have a graph; for the others it is said that they are not checked. */
export function plannedImports(checking: Checking): readonly PlannedImport[] {
  const { plan, index, report } = checking
  const files = [...plan.created.values(), ...plan.modified.values()].filter(({ imports }) => imports.length > 0)
  return files.flatMap(({ path: from, imports }) => {
    if (dialectOf(from) === null) {
      isKnown({ index, report }, from, 'Its imports')
      return []
    }
    return [...new Set(imports)].map((specifier) => ({ from, specifier, ...index.resolve(from, specifier) }))
  })
}
