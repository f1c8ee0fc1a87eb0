import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { selectEnds } from './run-ends.sql.ts'

/** Of these runs, those that there are, and whether they have ended. */
export async function runEnds(sql: Sql, org: OrgId, runs: readonly RunId[]): Promise<ReadonlyMap<RunId, boolean>> {
  const rows = await sql.run(selectEnds, { org, runs: [...runs] })
  return new Map(rows.map(({ id, ended }) => [id, ended]))
}
