import type { ImplementationSpec } from '../../../contract/specs.ts'
import { checkCycles } from './check-cycles.ts'
import { checkDependencies } from './check-dependencies.ts'
import { checkFileNames } from './check-file-names.ts'
import { checkImportStyle } from './check-import-style.ts'
import { checkImports } from './check-imports.ts'
import { checkMigrations } from './check-migrations.ts'
import { checkPaths } from './check-paths.ts'
import { checkNewSymbols, checkSymbols } from './check-symbols.ts'
import { checkTests } from './check-tests.ts'
import { checkDeletedFiles, checkDeletedSymbols } from './check-uses.ts'
import type { Checking } from './checking.ts'
import { filesOf } from './files.ts'
import { planOf } from './plan.ts'
import { plannedImports } from './planned-imports.ts'
import { createReport, type SpecCheck } from './report.ts'
import type { SpecIndex } from './spec-index.ts'

/** Checks a plan against a commit and what can be learned from it. The same plan and commit give the same answer. */
export async function checkSpec(spec: ImplementationSpec, index: SpecIndex): Promise<SpecCheck> {
  const report = createReport()
  const checking: Checking = { plan: planOf(spec), index, files: filesOf(index.paths), report }
  checkPaths(checking)
  await checkSymbols(checking)
  await checkNewSymbols(checking)
  await checkDeletedFiles(checking)
  await checkDeletedSymbols(checking)
  const imports = plannedImports(checking)
  checkImports(checking, imports)
  await checkCycles(checking, imports)
  await checkImportStyle(checking, imports)
  checkFileNames(checking)
  await checkTests(checking)
  checkMigrations(checking)
  checkDependencies(checking)
  return report.result()
}
