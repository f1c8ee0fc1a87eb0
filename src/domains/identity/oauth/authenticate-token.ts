import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import type { Clock, Log, Principal } from '../../../kernel/ctx.ts'
import type { Holder } from '../../../kernel/identify.ts'
import type { Database } from '../../../platform/db/index.ts'
import { createIssuerKeys, TokenRefused, type KeyTimings } from '../../../platform/jwt/index.ts'
import { findOrg } from '../find-org.ts'
import { base62 } from '../key-format.ts'
import type { OAuthSettings } from './settings.ts'
import { verifyToken } from './verify-token.ts'

export interface TokenAuthenticator {
  /**
   * Whose token this is; null when it is not accepted.
   *
   * @throws TenonError `unavailable` when the keys of the issuer can not be had
   */
  authenticate(token: string): Promise<Holder | null>
  /** An organisation has changed, or all of them may have. */
  drop(org: string | null): void
}

export interface TokenAuthenticatorOptions {
  readonly db: Database
  readonly settings: OAuthSettings
  readonly clock: Clock
  readonly log: Log
  /** Whether what is kept of organisations can be believed. */
  readonly isCurrent: () => boolean
  readonly timings?: KeyTimings | undefined
}

interface Verified {
  readonly principal: Principal
  readonly endsAtMs: number
}

const MAX_TOKENS = 10_000
const MAX_AGE_MS = 60_000

/** Tokens that were verified, by their digest, for a minute. */
export function createTokenAuthenticator(options: TokenAuthenticatorOptions): TokenAuthenticator {
  const { db, settings, clock, log, isCurrent, timings } = options
  const keys = createIssuerKeys({ issuer: settings.issuer, log, ...(timings === undefined ? {} : { timings }) })
  const verified = new LRUCache<string, Verified>({ max: MAX_TOKENS, ttl: MAX_AGE_MS })
  /** Changes with every drop: what was read before it may be older than the change, and is not kept. */
  let generation = 0

  const verify = async (token: string): Promise<Verified | null> => {
    const { subject, org: named, scopes, ...times } = await verifyToken(token, { settings, keys, now: clock.now() })
    const org = await findOrg(db, named)
    if (org === null) throw new TokenRefused('its organisation is not there')
    const expiresAt = new Date(times.expiresAtMs).toISOString()
    const actor = { kind: 'token', id: nameOfSubject(settings.issuer, subject), expiresAt } as const
    return { principal: { actor, org, scopes }, endsAtMs: times.endsAtMs }
  }

  const find = async (token: string): Promise<Verified | null> => {
    const digest = createHash('sha256').update(token).digest('base64')
    const cached = isCurrent() ? verified.get(digest) : undefined
    if (cached !== undefined) return cached
    const before = generation
    try {
      const found = await verify(token)
      if (found !== null && before === generation) verified.set(digest, found)
      return found
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      log.info({ reason: error.message }, 'an access token was refused')
      return null
    }
  }

  return {
    authenticate: async (token) => {
      const found = await find(token)
      if (found === null || found.endsAtMs <= clock.now().getTime()) return null
      return { principal: found.principal, state: 'valid' }
    },
    drop: (org) => {
      generation += 1
      if (org === null) return verified.clear()
      for (const [digest, { principal }] of verified.entries()) if (principal.org?.id === org) verified.delete(digest)
    },
  }
}

/**
 * The name of a subject in the audit trail and the log: the same for each of its tokens, and 131 bits long, so that no two
 * are alike. What the issuer calls it is personal data, often an address of mail, and stays out of a trail that can not
 * be changed; with the issuer's help an owner can find out who it was.
 */
export function nameOfSubject(issuer: string, subject: string): string {
  const digest = createHash('sha256')
    .update(JSON.stringify(['tenon.oauth.1', issuer, subject]))
    .digest('hex')
  return `oauth_${base62(BigInt(`0x${digest}`), 22)}`
}
