import { revokeToken } from '../../contract/issuers.ts'
import { isStorable } from '../../kernel/parse-input.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { SESSION_REVOKED_MS } from './authenticate-person.ts'
import type { Connection } from './connection.ts'
import type { Revocations } from './revocations.ts'

/** A name that no connection has is a typing error: nobody may think that something was revoked. */
export function revokeTokenVerb(connections: readonly Connection[], revocations: Revocations): BoundVerb {
  return implement(revokeToken, async ({ clock, log }, { connection, jti, expiresAt }) => {
    if (!connections.some(({ name }) => name === connection))
      throw new TenonError('not_found', { details: { connection } })
    const now = clock.now().getTime()
    const end = expiresAt === undefined ? now + SESSION_REVOKED_MS : Date.parse(expiresAt)
    if (end <= now) throw invalid('expiresAt', 'It has to be in the future')
    if (!isStorable(jti)) throw invalid('jti', 'It can not be kept')
    const [revoked] = await revocations.revoke([{ connection, jti, expiresAt: new Date(end) }])
    if (revoked === undefined) throw new Error('the revocation was not kept')
    log.info({ connection, jti }, 'a token was revoked')
    return revoked
  })
}

function invalid(path: string, message: string): TenonError {
  return new TenonError('validation_failed', { details: { issues: [{ path, message }] } })
}
