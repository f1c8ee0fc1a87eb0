import type { ApiKeyId, OrgId, UserId } from '../../contract/ids.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { holdKey } from './identity.sql.ts'

const NEEDED: Scope = 'api-keys:write'

/** What a member may do now, held to the end of the transaction; null for who is none any more. */
export type HoldMember = (sql: Sql, org: OrgId, user: UserId) => Promise<readonly Scope[] | null>

/** Whose key, token or membership makes a key: what it makes may not be more. */
export interface Maker {
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly callsPerHour: number | null
  /** null for a token or a person, who are of no line. */
  readonly lineage: ApiKeyId | null
  readonly expiresAt: string | null
}

/**
 * The key that makes another, as it is now: what this node knows of it may be older than its revocation or its end. A
 * token is what its issuer has signed: it can not have been revoked, and what it makes ends with it. What a person makes
 * is the organisation's, and stays when they leave.
 *
 * @throws TenonError `invalid_api_key`, `forbidden`, `not_found` for somebody who is no member any more
 */
export async function holdMaker({ sql, orgId, actor, scopes, clock }: Ctx, holdMember: HoldMember): Promise<Maker> {
  if (actor.kind === 'user') {
    const theirs = await holdMember(sql, orgId(), actor.id)
    if (theirs === null) throw new TenonError('not_found')
    // A role that was lowered since the call was let in.
    if (!theirs.includes(NEEDED)) throw new TenonError('forbidden', { details: { scope: NEEDED } })
    return { id: actor.id, scopes: theirs, callsPerHour: null, lineage: null, expiresAt: null }
  }
  if (actor.kind === 'token')
    return { id: actor.id, scopes, callsPerHour: null, lineage: null, expiresAt: actor.expiresAt }
  if (actor.kind !== 'key') throw new Error('only a key, a token or a person makes a key')
  const [held] = await sql.run(holdKey, { org: orgId(), id: actor.id, now: clock.now() })
  if (held === undefined) throw new TenonError('invalid_api_key')
  return held
}
