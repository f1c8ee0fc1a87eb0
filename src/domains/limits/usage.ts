import type { OrgId } from '../../contract/ids.ts'
import { QUOTAS, type Limits, type Quota } from '../../contract/plans.ts'
import type { Step } from '../../kernel/call.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { limitsOf } from './plan.ts'
import * as statements from './usage.sql.ts'

export const DAILY: ReadonlySet<Quota> = new Set<Quota>(['runsPerDay'])
/** After so long a caller may find that a run has ended. */
const RUN_SECONDS = 10

export type Usage = Readonly<Record<Quota, number>>

/**
 * Takes one of what the plan counts, in the transaction that makes the thing: it is counted exactly when that commits.
 *
 * @throws TenonError `quota_exceeded`
 */
export async function raiseUsage(sql: Sql, org: OrgId, quota: Quota, limits: Limits): Promise<void> {
  const limit = limits[quota]
  const [raised] = await sql.run(statements.raiseUsage, { org, quota, daily: DAILY.has(quota), limit })
  if (raised === undefined) throw exceeded(quota, limit)
}

/** Gives back, in the transaction that ends the thing. */
export async function lowerUsage(sql: Sql, org: OrgId, quota: Quota, by: number): Promise<void> {
  if (by > 0) await sql.run(statements.lowerUsage, { org, quota, by })
}

export async function usageOf(sql: Sql, org: OrgId): Promise<Usage> {
  const rows = await sql.run(statements.selectUsage, { org, today: true })
  const used = new Map(rows.map((row) => [row.quota, row.used]))
  return Object.fromEntries(QUOTAS.map((quota) => [quota, used.get(quota) ?? 0])) as unknown as Usage
}

export interface AboveLimit {
  readonly quota: Quota
  readonly used: number
  readonly limit: number
}

/** Of what stands, and does not end with the day: what there is more of than is allowed, as after a smaller plan. */
export async function aboveLimits(sql: Sql, org: OrgId): Promise<readonly AboveLimit[]> {
  const [{ limits }, used] = [await limitsOf(sql, org), await usageOf(sql, org)]
  return QUOTAS.filter((quota) => !DAILY.has(quota) && used[quota] > limits[quota]).map((quota) => ({
    quota,
    used: used[quota],
    limit: limits[quota],
  }))
}

/** Refuses before the verb does any work; the verb's own transaction then decides. */
export function quotaStep(tenant: TenantOf): Step {
  return async ({ operation, principal: { org } }, next) => {
    if (operation.quotas.length > 0 && org !== null) {
      const used = await usageOf(tenant(org.id).read, org.id)
      const full = operation.quotas.find((quota) => used[quota] >= org.limits[quota])
      if (full !== undefined) throw exceeded(full, org.limits[full])
    }
    await next()
  }
}

function exceeded(quota: Quota, limit: number): TenonError {
  const retryAfterSeconds = quota === 'concurrentRuns' ? RUN_SECONDS : DAILY.has(quota) ? secondsOfToday() : undefined
  return new TenonError('quota_exceeded', {
    details: { quota, limit, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) },
  })
}

function secondsOfToday(): number {
  const dayMs = 86_400_000
  return Math.max(1, Math.ceil((dayMs - (Date.now() % dayMs)) / 1000))
}
