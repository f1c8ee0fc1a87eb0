import { createHash } from 'node:crypto'
import type { JWTVerifyGetKey } from 'jose'
import { LRUCache } from 'lru-cache'
import type { UserId } from '../../contract/ids.ts'
import type { Actor, Clock, Log } from '../../kernel/ctx.ts'
import type { Entered, Holder } from '../../kernel/identify.ts'
import type { Database } from '../../platform/db/index.ts'
import {
  createIssuerKeys,
  looksLikeToken,
  TokenRefused,
  unverifiedIssuer,
  type KeyTimings,
} from '../../platform/jwt/index.ts'
import type { Connection } from './connection.ts'
import { userOf, type CreatePerson } from './first-visit.ts'
import type { NewRevocation, Revocations } from './revocations.ts'
import { verifyPerson, type VerifiedPerson } from './verify-person.ts'

export interface PersonTokens {
  /** By its form, and by the issuer that it names: whoever names another one makes nobody ask. */
  looksLike(credential: string): boolean
  /** null when it is not accepted. @throws TenonError `unavailable` when nobody can tell */
  authenticate(token: string): Promise<Holder | null>
  /** Takes back the token by which this actor came; false when it came by another credential. */
  signOut(actor: Actor): Promise<boolean>
}

export interface PersonTokensOptions {
  readonly db: Database
  readonly connections: readonly Connection[]
  readonly revocations: Revocations
  readonly clock: Clock
  readonly log: Log
  readonly createPerson: CreatePerson
  /** As what a person enters the organisation that is named, or the only one that they belong to. */
  readonly enter: (user: UserId, named: string | undefined) => Promise<Entered | null>
  readonly timings?: KeyTimings | undefined
}

/** A token whose signature was checked, and what is known of its revocation. */
interface Known {
  readonly connection: string
  readonly person: VerifiedPerson
  /** Null until it is known not to be revoked: a token that is makes no user. */
  holder: Holder | null
  /** What was found at this count of revocations. */
  epoch: number
  revoked: boolean
}

interface Checked extends Connection {
  readonly keys: JWTVerifyGetKey
}

const MAX_TOKENS = 10_000
const MAX_AGE_MS = 60_000
/** A session at the issuer goes on giving out tokens after those that are known have ended. */
export const SESSION_REVOKED_MS = 90 * 86_400_000

/** Tokens that were verified are remembered by their digest, for a minute. */
export function createPersonTokens(options: PersonTokensOptions): PersonTokens {
  const { connections, revocations, clock, log, enter } = options
  const byIssuer = new Map(connections.map((each) => [each.issuer, { ...each, keys: keysOf(each, options) }]))
  const known = new LRUCache<string, Known>({ max: MAX_TOKENS, ttl: MAX_AGE_MS })
  const tokens = new WeakMap<Actor, Known>()

  const connectionOf = (token: string): Checked | undefined => {
    const named = looksLikeToken(token) ? unverifiedIssuer(token) : undefined
    return typeof named === 'string' ? byIssuer.get(named) : undefined
  }
  const find = async (token: string, connection: Checked): Promise<Known | null> => {
    const digest = createHash('sha256').update(token).digest('base64')
    const cached = known.get(digest)
    if (cached !== undefined) return cached
    try {
      const person = await verifyPerson(token, { connection, keys: connection.keys, now: clock.now() })
      const made: Known = { connection: connection.name, person, holder: null, epoch: -1, revoked: false }
      known.set(digest, made)
      return made
    } catch (error) {
      if (!(error instanceof TokenRefused)) throw error
      log.info({ reason: error.message, connection: connection.name }, 'a token of a person was refused')
      return null
    }
  }
  const isRevoked = async (found: Known): Promise<boolean> => {
    // Read before the revocations are: what comes in between is found twice rather than never.
    const epoch = await revocations.epoch()
    if (found.epoch === epoch) return found.revoked
    const ids = found.person.names.map(({ id }) => id)
    const revoked = await revocations.isRevoked(found.connection, ids)
    if (revoked) log.info({ reason: 'it was revoked', connection: found.connection }, 'a token of a person was refused')
    return Object.assign(found, { epoch, revoked }).revoked
  }
  const holderOf = async (found: Known): Promise<Holder> => {
    const user = await userOf(options, found.connection, found.person)
    const actor: Actor = { kind: 'user', id: user, session: null, role: null }
    tokens.set(actor, found)
    return {
      principal: { actor, org: null, scopes: [] },
      state: 'valid',
      enter: (named) => enter(user, named),
    }
  }

  return {
    looksLike: (credential) => connectionOf(credential) !== undefined,
    authenticate: async (token) => {
      const connection = connectionOf(token)
      const found = connection === undefined ? null : await find(token, connection)
      if (found === null || found.person.endsAtMs <= clock.now().getTime()) return null
      if (await isRevoked(found)) return null
      found.holder ??= await holderOf(found)
      return found.holder
    },
    signOut: async (actor) => {
      const found = tokens.get(actor)
      if (found === undefined) return false
      await revocations.revoke(revocationsOf(found, clock.now()))
      return true
    },
  }
}

function keysOf({ issuer, signing }: Connection, { log, timings }: PersonTokensOptions): JWTVerifyGetKey {
  // Whatever key the token names: there is one.
  if ('secret' in signing) return async () => signing.secret
  return createIssuerKeys({ issuer, log, jwksUrl: signing.jwksUrl, ...(timings === undefined ? {} : { timings }) })
}

function revocationsOf({ connection, person }: Known, now: Date): NewRevocation[] {
  const ends = { token: new Date(person.endsAtMs), session: new Date(now.getTime() + SESSION_REVOKED_MS) }
  return person.names.map(({ id, lasts }) => ({ connection, jti: id, expiresAt: ends[lasts] }))
}
