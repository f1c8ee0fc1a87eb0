import type { ImplementationSpec } from '../../../contract/specs.ts'

/** A plan by path. */
export interface Plan {
  readonly spec: ImplementationSpec
  readonly created: ReadonlyMap<string, PlannedFile>
  readonly modified: ReadonlyMap<string, PlannedFile>
  readonly deleted: ReadonlySet<string>
  readonly migrations: ReadonlySet<string>
  readonly tests: ReadonlyMap<string, readonly string[]>
  /** Files whose text the plan writes or removes, so that imports in them may change with it. */
  readonly touched: ReadonlySet<string>
}

export interface PlannedFile {
  readonly path: string
  readonly symbols: readonly string[]
  readonly imports: readonly string[]
}

export function planOf(spec: ImplementationSpec): Plan {
  const created = filesOf(spec.create ?? [])
  const modified = filesOf(spec.modify ?? [])
  const deleted = new Set(spec.delete)
  const migrations = new Set(spec.migrations)
  const tests = new Map<string, readonly string[]>()
  for (const { path, covers } of spec.tests ?? []) tests.set(path, [...(tests.get(path) ?? []), ...(covers ?? [])])
  const touched = new Set([...created.keys(), ...modified.keys(), ...deleted, ...migrations, ...tests.keys()])
  return { spec, created, modified, deleted, migrations, tests, touched }
}

/** The files of the commit as the plan leaves it. */
export function pathsAfter(spec: ImplementationSpec, paths: readonly string[]): ReadonlySet<string> {
  const { created, deleted, migrations, tests } = planOf(spec)
  const after = new Set(paths)
  for (const path of deleted) after.delete(path)
  for (const path of [...created.keys(), ...migrations, ...tests.keys()]) after.add(path)
  return after
}

function filesOf(
  planned: readonly {
    path: string
    symbols?: readonly string[] | undefined
    imports?: readonly string[] | undefined
  }[],
): ReadonlyMap<string, PlannedFile> {
  const files = new Map<string, PlannedFile>()
  for (const { path, symbols = [], imports = [] } of planned) {
    const known = files.get(path)
    files.set(path, {
      path,
      symbols: [...(known?.symbols ?? []), ...symbols],
      imports: [...(known?.imports ?? []), ...imports],
    })
  }
  return files
}
