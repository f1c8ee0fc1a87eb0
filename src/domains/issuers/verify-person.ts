import { createHash } from 'node:crypto'
import type { JWTPayload, JWTVerifyGetKey } from 'jose'
import { z } from 'zod'
import { isStorable } from '../../kernel/parse-input.ts'
import { refused, verifyJwt } from '../../platform/jwt/index.ts'
import type { Connection } from './connection.ts'

/** Whom a token stands for, as far as its issuer is believed. */
export interface VerifiedPerson {
  readonly subject: string
  /** An address that the issuer has checked, in lower case; null without one. */
  readonly email: string | null
  readonly name: string
  /** By which the token can be revoked, with the time until when each has to be remembered; never none. */
  readonly names: readonly { readonly id: string; readonly lasts: 'token' | 'session' }[]
  /** Until when it is accepted, clocks that differ allowed for. */
  readonly endsAtMs: number
}

const MAX_ID = 255
const MAX_NAME = 120
const address = z.email().max(254)

/** @throws TokenRefused; TenonError `unavailable` when the keys of the issuer can not be had */
export async function verifyPerson(
  token: string,
  { connection, keys, now }: { readonly connection: Connection; readonly keys: JWTVerifyGetKey; readonly now: Date },
): Promise<VerifiedPerson> {
  const { issuer, audiences, signing, maxAgeSeconds } = connection
  const algorithms = 'secret' in signing ? ['HS256'] : signing.algorithms
  const rules = { issuer, audiences, algorithms, untyped: false, maxLifeSeconds: maxAgeSeconds }
  const { subject, claims, endsAtMs } = await verifyJwt(token, { rules, keys, now })
  if (!isStorable(subject)) throw refused('its sub can not be kept')
  if (typeof claims.iat !== 'number') throw refused('it does not say when it was issued')
  // A notice of the issuer to Tenon, such as that somebody has signed out: signed alike, and no credential.
  if (claims['events'] !== undefined) throw refused('it tells of an event')
  if (connection.kind === 'supabase') checkSupabase(claims)
  return {
    subject,
    email: emailOf(claims, connection),
    name: nameOf(claims, connection),
    names: namesOf(token, claims, connection),
    endsAtMs,
  }
}

/** The project's own keys are tokens as well, and whoever asks for it may be a user without a name. */
function checkSupabase({ role, is_anonymous: anonymous }: JWTPayload): void {
  if (role !== 'authenticated') throw refused('it is not that of a user')
  if (anonymous === true) throw refused('it is that of an anonymous user')
}

/** What a user can edit, as `user_metadata` of Supabase, proves nothing. */
function emailOf(claims: JWTPayload, { kind, emailClaim, emailVerifiedClaim, trustEmail }: Connection): string | null {
  const verified = kind === 'supabase' ? trustEmail : claimOf(claims, emailVerifiedClaim) === true
  const given = claimOf(claims, emailClaim)
  const email = typeof given === 'string' ? given.trim() : ''
  // As it came: some letters that no address of ours has become one that it may have when they are made small.
  return verified && address.safeParse(email).success ? email.toLowerCase() : null
}

/** For people to read: nothing is decided by it. */
function nameOf(claims: JWTPayload, { kind, name: connection }: Connection): string {
  const metadata = kind === 'supabase' ? claimOf(claims, 'user_metadata') : claims
  for (const given of [claimOf(metadata, 'name'), claimOf(metadata, 'full_name')]) {
    if (typeof given !== 'string') continue
    const text = given.replaceAll(/[\p{C}\p{Z}]+/gu, ' ').trim()
    if (text !== '')
      return text
        .slice(0, MAX_NAME)
        .replace(/\p{Cs}$/u, '')
        .trim()
  }
  return `Someone of ${connection}`
}

/** Those that the issuer has given; a token without one has a name all the same, by its bytes. */
function namesOf(token: string, claims: JWTPayload, { requireJti }: Connection): VerifiedPerson['names'] {
  const names = [
    { given: claims.jti, lasts: 'token' as const },
    { given: claims['session_id'], lasts: 'session' as const },
  ].flatMap(({ given, lasts }) => {
    if (given === undefined) return []
    if (typeof given !== 'string' || given === '' || given.length > MAX_ID || !isStorable(given))
      throw refused('its jti can not be read')
    return [{ id: given, lasts }]
  })
  if (names.length > 0) return names
  if (requireJti) throw refused('it has neither jti nor session_id')
  // Without the signature, of which some kinds can be written in another way.
  const signed = token.slice(0, token.lastIndexOf('.'))
  return [{ id: `sha256:${createHash('sha256').update(signed).digest('base64url')}`, lasts: 'token' }]
}

function claimOf(claims: unknown, name: string): unknown {
  if (typeof claims !== 'object' || claims === null) return undefined
  return Object.getOwnPropertyDescriptor(claims, name)?.value
}
