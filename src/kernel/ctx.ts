import type { OrgId } from '../contract/ids.ts'
import type { Scope } from '../contract/scopes.ts'
import type { Sql } from './statement.ts'

/** Who calls. `root` stands for the operator; `system` for Tenon's own work. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | { readonly kind: 'key'; readonly id: string }
  | { readonly kind: 'root' }
  | { readonly kind: 'system'; readonly id: string }

export interface OrgRef {
  readonly id: OrgId
  readonly slug: string
}

/** What authentication found out. */
export interface Principal {
  readonly actor: Actor
  readonly org: OrgRef | null
  readonly scopes: readonly Scope[]
}

/** Fields are logged as they are, after redaction. */
export interface Log {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
  child(fields: object): Log
}

/** Time, so that a test can move it. */
export interface Clock {
  now(): Date
}

/** What a verb is given. */
export interface Ctx extends Principal {
  readonly requestId: string
  readonly signal: AbortSignal
  readonly log: Log
  readonly clock: Clock
  /** Scoped to `org`; throws when the operation has `tx: none` or no organisation. */
  readonly sql: Sql
  /** The organisation of the call; throws when there is none. */
  orgId(): OrgId
  /** A short transaction of its own, scoped to `org` (or to `as`, for the operator): for operations with `tx: none`. */
  inTenant<T>(work: (sql: Sql) => Promise<T>, as?: OrgId): Promise<T>
}
