import type { OrgId } from '../contract/ids.ts'
import type { Operation } from '../contract/operation.ts'
import type { Clock, Ctx, Log, Principal } from './ctx.ts'
import type { Sql } from './statement.ts'

/** The database as one organisation sees it. */
export interface TenantScope {
  /** Each statement is a transaction of its own. */
  readonly read: Sql
  /** One transaction around the work: it is kept when the work returns and undone when it throws. */
  write<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}
export type TenantOf = (org: OrgId) => TenantScope

export interface CtxParts {
  readonly operation: Operation
  readonly principal: Principal
  readonly requestId: string
  readonly signal: AbortSignal
  readonly log: Log
  readonly clock: Clock
  readonly tenant: TenantOf
  /** What the transaction step has opened. */
  readonly openSql: () => Sql | null
}

export function makeCtx(parts: CtxParts): Ctx {
  const { operation, principal, requestId, signal, log, clock, tenant, openSql } = parts
  const orgId = (): OrgId => {
    if (principal.org === null) throw new Error(`${operation.name} has no organisation`)
    return principal.org.id
  }
  return {
    ...principal,
    requestId,
    signal,
    log,
    clock,
    orgId,
    sql: {
      async run(statement, params) {
        const sql = openSql()
        if (sql === null) throw new Error(`${operation.name} has no transaction: its tx is ${operation.tx}`)
        return sql.run(statement, params)
      },
    },
    async inTenant(work, as) {
      if (operation.tx !== 'none') throw new Error(`${operation.name} has a transaction already`)
      if (as !== undefined && as !== principal.org?.id && principal.actor.kind !== 'root')
        throw new Error(`${operation.name} may not enter another organisation`)
      return tenant(as ?? orgId()).write(work)
    },
  }
}
