import type { OrgId } from '../contract/ids.ts'
import type { Operation } from '../contract/operation.ts'
import type { Ctx, OrgRef, Principal } from './ctx.ts'
import type { Sql } from './statement.ts'

/** The database as one organisation sees it. */
export interface TenantScope {
  /** Each statement is a transaction of its own. */
  readonly read: Sql
  /** One transaction around the work: it is kept when the work returns and undone when it throws. */
  write<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}
export type TenantOf = (org: OrgId) => TenantScope

export interface CtxParts extends Pick<
  Ctx,
  | 'requestId'
  | 'signal'
  | 'ending'
  | 'log'
  | 'clock'
  | 'address'
  | 'userAgent'
  | 'idempotencyKey'
  | 'lastEventId'
  | 'progress'
  | 'note'
  | 'setSession'
  | 'replayed'
> {
  readonly operation: Operation
  /** Read when it is needed: the organisation of the operator's call is found after the context was made. */
  readonly principal: () => Principal
  readonly tenant: TenantOf
  /** What the transaction step has opened. */
  readonly openSql: () => Sql | null
}

export function makeCtx({ operation, principal, tenant, openSql, ...rest }: CtxParts): Ctx {
  const orgRef = (): OrgRef => {
    const { org } = principal()
    if (org === null) throw new Error(`${operation.name} has no organisation`)
    return org
  }
  return {
    ...rest,
    get actor() {
      return principal().actor
    },
    get org() {
      return principal().org
    },
    get scopes() {
      return principal().scopes
    },
    orgRef,
    orgId: () => orgRef().id,
    sql: {
      async run(statement, params) {
        const sql = openSql()
        if (sql === null) throw new Error(`${operation.name} has no transaction: its tx is ${operation.tx}`)
        return sql.run(statement, params)
      },
    },
    async inTenant(work) {
      if (operation.tx !== 'none') throw new Error(`${operation.name} has a transaction already`)
      return tenant(orgRef().id).write(work)
    },
  }
}
