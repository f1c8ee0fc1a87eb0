import type { ApiKeyId } from '../../contract/ids.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { holdKey } from './identity.sql.ts'

/** Whose key or token makes a key: what it makes may not be more. */
export interface Maker {
  readonly id: string
  readonly scopes: readonly Scope[]
  readonly callsPerHour: number | null
  /** null for a token, which is of no line. */
  readonly lineage: ApiKeyId | null
  readonly expiresAt: string | null
}

/**
 * The key that makes another, as it is now: what this node knows of it may be older than its revocation or its end. A
 * token is what its issuer has signed: it can not have been revoked, and what it makes ends with it.
 *
 * @throws TenonError `invalid_api_key`
 */
export async function holdMaker({ sql, orgId, actor, scopes, clock }: Ctx): Promise<Maker> {
  if (actor.kind === 'token')
    return { id: actor.id, scopes, callsPerHour: null, lineage: null, expiresAt: actor.expiresAt }
  if (actor.kind !== 'key') throw new Error('only a key or a token makes a key')
  const [held] = await sql.run(holdKey, { org: orgId(), id: actor.id, now: clock.now() })
  if (held === undefined) throw new TenonError('invalid_api_key')
  return held
}
