import type { ApiKey } from '../../contract/identity.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { holdKey } from './identity.sql.ts'

/**
 * The key that makes another, as it is now: what this node knows of it may be older than its revocation or its end.
 *
 * @throws TenonError `invalid_api_key`
 */
export async function holdMaker({ sql, orgId, actor, clock }: Ctx): Promise<ApiKey> {
  if (actor.kind !== 'key') throw new Error('only a key makes a key')
  const [held] = await sql.run(holdKey, { org: orgId(), id: actor.id, now: clock.now() })
  if (held === undefined) throw new TenonError('invalid_api_key')
  return held
}
