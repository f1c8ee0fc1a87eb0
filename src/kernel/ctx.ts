import type { ErrorDetails } from '../contract/errors.ts'
import type { ApiKeyId, OrgId, UserId } from '../contract/ids.ts'
import type { Limits, PlanName } from '../contract/plans.ts'
import type { Role } from '../contract/roles.ts'
import type { Scope } from '../contract/scopes.ts'
import type { Sql } from './statement.ts'

/** Who calls. `root` stands for the operator; `system` for Tenon's own work. */
export type Actor =
  | { readonly kind: 'anonymous' }
  | KeyActor
  | TokenActor
  | UserActor
  | { readonly kind: 'root' }
  | { readonly kind: 'system'; readonly id: string }

/** Its id, or what it is. */
export function nameOfActor(actor: Actor): string {
  return 'id' in actor ? actor.id : actor.kind
}

export interface KeyActor {
  readonly kind: 'key'
  readonly id: ApiKeyId
  /** The keys of a line share their limits. */
  readonly lineage: ApiKeyId
  /** Of its own, within that of the organisation. */
  readonly callsPerHour: number | null
  readonly expiresAt: string | null
}

/** The holder of an access token that the operator's authorization server has signed. */
export interface TokenActor {
  readonly kind: 'token'
  /** Stands for the subject: the same for each of its tokens, and not what the issuer calls it. */
  readonly id: string
  readonly expiresAt: string
}

/** A person who has signed in. */
export interface UserActor {
  readonly kind: 'user'
  readonly id: UserId
  /** That of a built-in account; null for somebody whom an external issuer vouches for. */
  readonly session: string | null
  /** In the organisation of the call; null without one. */
  readonly role: Role | null
}

/** A session that a call has begun. */
export interface NewSession {
  readonly token: string
  readonly expiresAt: Date
}

export interface OrgRef {
  readonly id: OrgId
  readonly slug: string
  readonly plan: PlanName
  readonly limits: Limits
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

/** How far a call has come. */
export interface Progress {
  readonly done: number
  /** Undefined while nobody knows. */
  readonly total: number | undefined
  /** For people. */
  readonly message: string
}

/** What a verb is given. */
export interface Ctx extends Principal {
  readonly requestId: string
  readonly signal: AbortSignal
  /** Aborts when this node is about to end: whoever waits for something answers with what there is. */
  readonly ending: AbortSignal
  readonly log: Log
  readonly clock: Clock
  readonly address: string
  /** The program that calls, as it calls itself. */
  readonly userAgent?: string | undefined
  readonly idempotencyKey: string | undefined
  /** Of a caller that goes on with a stream of events. */
  readonly lastEventId: string | undefined
  /** Scoped to `org`; throws when the operation has `tx: none` or no organisation. */
  readonly sql: Sql
  /** The organisation of the call; throws when there is none. */
  orgId(): OrgId
  orgRef(): OrgRef
  /** Tells a caller who has asked for it how far a long call has come. */
  progress(progress: Progress): void
  /** Adds to the audit entry of this call what it has set; never a secret. */
  note(details: ErrorDetails): void
  /** Has the caller's browser keep a new session, or with null forget the one it has. */
  setSession(session: NewSession | null): void
  /** Says that the answer is that of an earlier call: for a verb that keeps a journal of its own. */
  replayed(): void
  /** A short transaction of its own: for operations with `tx: none`. */
  inTenant<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}
