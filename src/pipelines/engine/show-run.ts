import type { OrgId } from '../../contract/ids.ts'
import type { Run } from '../../contract/runs.ts'
import { creditsOfRuns } from '../../domains/credits/index.ts'
import type { Sql } from '../../kernel/statement.ts'
import { presentRun } from './present-run.ts'
import type { RunRow } from './runs.sql.ts'

/** Rows as callers see them, with what each has reserved and was charged; a list of free runs asks nothing more. */
export async function showRuns(sql: Sql, org: OrgId, rows: readonly RunRow[]): Promise<Run[]> {
  const metered = rows.flatMap(({ id, priceRun }) => (priceRun === null ? [] : [id]))
  const credits = metered.length === 0 ? null : await creditsOfRuns(sql, org, metered)
  return rows.map((row) => presentRun(row, credits?.get(row.id)))
}

export async function showRun(sql: Sql, org: OrgId, row: RunRow): Promise<Run> {
  const [run] = await showRuns(sql, org, [row])
  return run ?? presentRun(row)
}
