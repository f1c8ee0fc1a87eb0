import { createHash, timingSafeEqual } from 'node:crypto'
import type { OrgId } from '../../contract/ids.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import type { Clock, Log } from '../../kernel/ctx.ts'
import type { Authenticate, Holder } from '../../kernel/identify.ts'
import type { Database } from '../../platform/db/index.ts'
import { looksLikeToken, type KeyTimings } from '../../platform/jwt/index.ts'
import { limitsOf } from '../limits/index.ts'
import { findKeyByDigest } from './identity.sql.ts'
import { createKeyCache, type CachedKey } from './key-cache.ts'
import { digestOf, isWellFormed } from './key-format.ts'
import { createLastUsed } from './last-used.ts'
import { createTokenAuthenticator, type OAuthSettings } from './oauth/index.ts'

export interface Authenticator {
  readonly authenticate: Authenticate
  /** After a key was changed on this node: so that the answer to the change is true at once. */
  readonly forget: (org: OrgId) => void
  /** Listens for revoked keys and changed limits; answers once it hears, or has tried to. */
  start(): Promise<void>
  /** Writes what is left to write. */
  stop(): Promise<void>
}

export interface AuthenticatorOptions {
  readonly db: Database
  readonly rootKey: string
  readonly clock: Clock
  readonly log: Log
  /** Whose access tokens are accepted beside keys; nobody's when left out. */
  readonly oauth?: OAuthOptions | undefined
  /** What people show, beside keys and tokens: the first that it looks like finds out whose it is. */
  readonly people?: readonly PersonCredential[] | undefined
}

/** One kind of what people show, such as a session. */
export interface PersonCredential {
  /** By its form alone, without asking anyone. */
  looksLike(credential: string): boolean
  /** null when nobody holds it, or not any more. */
  authenticate(credential: string): Promise<Holder | null>
}

export interface OAuthOptions extends OAuthSettings {
  readonly timings?: KeyTimings
}

/** Finds out whose credential this is. */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { db, rootKey, clock, log, oauth, people = [] } = options
  const isCurrent = (): boolean => cache.isCurrent()
  const tokens =
    oauth === undefined
      ? undefined
      : createTokenAuthenticator({ db, settings: oauth, clock, log, isCurrent, timings: oauth.timings })
  const cache = createKeyCache({ db, log, load: (sha256) => loadKey(db, sha256), dropped: tokens?.drop })
  const lastUsed = createLastUsed({ db, clock, log })
  const rootSha256 = createHash('sha256').update(rootKey).digest()

  const byKey = async (apiKey: string): Promise<Holder | null> => {
    if (!isWellFormed(apiKey)) return null
    const key = await cache.find(digestOf(apiKey))
    if (key === null) return null
    const { principal, revoked, expiresAtMs } = key
    if (revoked) return { principal, state: 'revoked' }
    if (expiresAtMs <= clock.now().getTime()) return { principal, state: 'expired' }
    lastUsed.touch(key)
    return { principal, state: 'valid' }
  }
  const byRootKey = (given: string): Holder | null =>
    timingSafeEqual(createHash('sha256').update(given).digest(), rootSha256)
      ? { principal: { actor: { kind: 'root' }, org: null, scopes: ALL_SCOPES }, state: 'valid' }
      : null

  return {
    authenticate: async (kind, credential) => {
      if (kind === 'root') return byRootKey(credential)
      const person = people.find(({ looksLike }) => looksLike(credential))
      if (person !== undefined) return person.authenticate(credential)
      return tokens !== undefined && looksLikeToken(credential) ? tokens.authenticate(credential) : byKey(credential)
    },
    forget: cache.forget,
    start: async () => {
      lastUsed.start()
      await cache.start()
    },
    stop: async () => {
      await Promise.all([cache.stop(), lastUsed.stop()])
    },
  }
}

async function loadKey(db: Database, sha256: Buffer): Promise<CachedKey | null> {
  return db.cross('auth', async (sql) => {
    const [key] = await sql.run(findKeyByDigest, { sha256 })
    if (key === undefined || !timingSafeEqual(key.secretSha256, sha256)) return null
    const { id, orgId, slug, scopes, lineage, callsPerHour, expiresAt, revokedAt, lastUsedAt } = key
    return {
      principal: {
        actor: { kind: 'key', id, lineage, callsPerHour, expiresAt },
        org: { id: orgId, slug, ...(await limitsOf(sql, orgId)) },
        scopes,
      },
      revoked: revokedAt !== null,
      expiresAtMs: expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt),
      use: { org: orgId, id, writtenAtMs: lastUsedAt === null ? 0 : Date.parse(lastUsedAt) },
    }
  })
}
