import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { selectBalance, selectCapturedSince, selectHoldsOf } from './credits.sql.ts'

export interface Balance {
  readonly available: number
  readonly reserved: number
}

/** What has expired does not count, also when it is not written off yet. */
export async function balanceOf(sql: Sql, org: OrgId): Promise<Balance> {
  const [row] = await sql.run(selectBalance, { org })
  return { available: row?.available ?? 0, reserved: row?.reserved ?? 0 }
}

/**
 * Whether a settlement of a run has charged something since it last reserved for a reason. Of both, keys are `name:…`; the
 * ledger knows them for ever.
 */
export async function wasCharged(
  sql: Sql,
  org: OrgId,
  { run, settlement, reservation }: { readonly run: RunId; readonly settlement: string; readonly reservation: string },
): Promise<boolean> {
  const keys = { settlement: `${run}:settle:${settlement}`, reservation: `${run}:reserve:${reservation}` }
  const [row] = await sql.run(selectCapturedSince, { org, ...keys })
  return row?.captured ?? false
}

export interface RunCredits {
  /** Still set aside. */
  readonly reserved: number
  readonly captured: number
  readonly released: number
}

/** Of runs that have reserved something. */
export async function creditsOfRuns(
  sql: Sql,
  org: OrgId,
  runs: readonly RunId[],
): Promise<ReadonlyMap<RunId, RunCredits>> {
  const rows = await sql.run(selectHoldsOf, { org, runs: [...runs] })
  return new Map(
    rows.map(({ run, reserved, captured, released }) => [
      run,
      { reserved: reserved - captured - released, captured, released },
    ]),
  )
}
