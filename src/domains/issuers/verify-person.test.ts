import { createHmac, createSecretKey } from 'node:crypto'
import { exportSPKI, importJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type AuthorizationServer } from '../../../test/support/authorization-server.ts'
import { silentLog } from '../../../test/support/database.ts'
import { createIssuerKeys } from '../../platform/jwt/index.ts'
import type { Connection } from './connection.ts'
import { verifyPerson, type VerifiedPerson } from './verify-person.ts'

const AUDIENCE = 'tenon'
const NOW = Math.floor(Date.now() / 1000)
const GOOD = { aud: AUDIENCE, jti: 'token-1', email: 'Ada@Example.org', email_verified: true, name: 'Ada' }
const SECRET = 'a secret of a project that nobody else knows'

let server: AuthorizationServer
let staff: Connection
let supabase: Connection
beforeAll(async () => {
  server = await startAuthorizationServer()
  staff = {
    name: 'staff',
    kind: 'oidc',
    issuer: server.issuer,
    audiences: [AUDIENCE],
    signing: { algorithms: ['RS256', 'ES256', 'EdDSA'] },
    emailClaim: 'email',
    emailVerifiedClaim: 'email_verified',
    trustEmail: false,
    requireJti: true,
    maxAgeSeconds: 86_400,
  }
  supabase = {
    ...staff,
    name: 'app',
    kind: 'supabase',
    issuer: 'https://abcdefghijklmnopqrst.supabase.co/auth/v1',
    audiences: ['authenticated'],
    signing: { secret: createSecretKey(Buffer.from(SECRET)) },
  }
})
afterAll(() => server.close())

async function check(token: string, over: Partial<Connection> = {}, at = NOW): Promise<VerifiedPerson> {
  const connection = { ...staff, ...over }
  const { signing, issuer } = connection
  const keys =
    'secret' in signing
      ? () => Promise.resolve(signing.secret)
      : createIssuerKeys({ issuer, jwksUrl: signing.jwksUrl, log: silentLog })
  return verifyPerson(token, { connection, keys, now: new Date(at * 1000) })
}

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

/** As Supabase signs for a project that has a shared secret. */
function supabaseToken(claims: object = {}, header: object = {}, secret = SECRET): Promise<string> {
  const usual = {
    iss: supabase.issuer,
    sub: '7a0c3f5e-8d42-4c5b-9a63-0c1c5b1e8f10',
    aud: 'authenticated',
    iat: NOW,
    exp: NOW + 3600,
    role: 'authenticated',
    aal: 'aal1',
    session_id: 'b8f0b6a2-51c6-4bfb-a3f8-70c2a7c3d9a1',
    email: 'ada@example.org',
    is_anonymous: false,
    app_metadata: { provider: 'email' },
    user_metadata: { email_verified: true, full_name: 'Ada Lovelace' },
  }
  return new SignJWT({ ...usual, ...claims })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: 'gH2kLm', ...header })
    .sign(Buffer.from(secret))
}

describe('a person', () => {
  it('is whom the issuer says, by any of the algorithms of the connection', async () => {
    for (const alg of ['RS256', 'ES256', 'EdDSA'] as const)
      expect(await check(await server.sign({ ...GOOD, exp: NOW + 300 }, { alg }))).toEqual({
        subject: 'someone@example.org',
        email: 'ada@example.org',
        name: 'Ada',
        names: [{ id: 'token-1', lasts: 'token' }],
        endsAtMs: (NOW + 360) * 1000,
      })
  })

  it('is found by keys at an address of their own, without a look at the metadata', async () => {
    const other = await startAuthorizationServer({ metadataPath: '/nowhere' })
    const token = await other.sign(GOOD)
    const signing = { algorithms: ['ES256'] as const, jwksUrl: `${other.issuer}/keys` }
    expect(await check(token, { issuer: other.issuer, signing })).toMatchObject({ name: 'Ada' })
    expect([...other.asked.keys()]).toEqual(['/keys'])
    await other.close()
  })

  it('has an address only when the issuer says that it was checked, in the claims of the connection', async () => {
    const emailOf = async (claims: object, over: Partial<Connection> = {}) =>
      (await check(await server.sign({ ...GOOD, ...claims }), over)).email
    for (const email_verified of [false, undefined, 'true', 1, { yes: true }])
      expect(await emailOf({ email_verified })).toBe(null)
    for (const email of [
      undefined,
      '',
      'ada',
      'ada@',
      7,
      ['ada@example.org'],
      `${'a'.repeat(250)}@example.org`,
      'a\0@example.org',
    ])
      expect(await emailOf({ email })).toBe(null)
    // A letter of another script that is a k when it is made small.
    expect(await emailOf({ email: '\u212Aate@example.org' })).toBe(null)
    const named = { emailClaim: 'https://x.example/mail', emailVerifiedClaim: 'checked' }
    expect(await emailOf({ 'https://x.example/mail': 'b@example.org', checked: true }, named)).toBe('b@example.org')
    expect(await emailOf({ 'https://x.example/mail': 'b@example.org' }, named)).toBe(null)
    expect(await emailOf({}, { emailVerifiedClaim: 'constructor' })).toBe(null)
  })

  it('has a name that can be shown', async () => {
    const nameOf = async (name: unknown) => (await check(await server.sign({ ...GOOD, name }))).name
    expect(await nameOf('  Ada\n\u202e  Lovelace\u0000 ')).toBe('Ada Lovelace')
    expect(await nameOf('x'.repeat(300))).toHaveLength(120)
    for (const name of [undefined, '', '\u200b', 7, {}]) expect(await nameOf(name)).toBe('Someone of staff')
  })
})

describe('a person of Supabase', () => {
  it('is known by their subject, and their token by its session', async () => {
    expect(await check(await supabaseToken(), supabase)).toEqual({
      subject: '7a0c3f5e-8d42-4c5b-9a63-0c1c5b1e8f10',
      email: null,
      name: 'Ada Lovelace',
      names: [{ id: 'b8f0b6a2-51c6-4bfb-a3f8-70c2a7c3d9a1', lasts: 'session' }],
      endsAtMs: (NOW + 3660) * 1000,
    })
  })

  it('has an address when the operator says that Supabase checks it, and never because the user says so', async () => {
    const claims = { email_verified: true, user_metadata: { email: 'ada@example.org', email_verified: true } }
    expect((await check(await supabaseToken(claims), supabase)).email).toBe(null)
    expect(
      (await check(await supabaseToken({ ...claims, email: undefined }), { ...supabase, trustEmail: true })).email,
    ).toBe(null)
    expect((await check(await supabaseToken(), { ...supabase, trustEmail: true })).email).toBe('ada@example.org')
  })

  it('is no key of the project, and no user without a name', async () => {
    for (const role of ['anon', 'service_role', undefined, 'supabase_admin'])
      await expect(check(await supabaseToken({ role }), supabase)).rejects.toThrow('it is not that of a user')
    await expect(check(await supabaseToken({ is_anonymous: true }), supabase)).rejects.toThrow('anonymous')
    const key = { iss: 'supabase', ref: 'abcdefghijklmnopqrst', role: 'service_role', aud: undefined, sub: undefined }
    await expect(check(await supabaseToken(key), supabase)).rejects.toThrow('its iss is not accepted')
  })

  it('is refused when another secret or another algorithm made the token, public keys too', async () => {
    await expect(check(await supabaseToken({}, {}, `${SECRET}.`), supabase)).rejects.toThrow('SIGNATURE')
    const claims = (await supabaseToken()).split('.')[1] ?? ''
    for (const [alg, hash] of [
      ['HS512', 'sha512'],
      ['HS384', 'sha384'],
    ] as const) {
      const input = `${part({ alg, typ: 'JWT' })}.${claims}`
      const token = `${input}.${createHmac(hash, SECRET).update(input).digest('base64url')}`
      await expect(check(token, supabase)).rejects.toThrow('its algorithm')
    }
    const elsewhere = await server.sign({ ...GOOD, iss: supabase.issuer, aud: 'authenticated', role: 'authenticated' })
    await expect(check(elsewhere, supabase)).rejects.toThrow('its algorithm')
  })

  it('is found whatever key the token names, and wherever it says that one is', async () => {
    const kids = ['../../../../dev/null', "x' union select 'k", 'https://attacker.example/keys', '']
    for (const kid of kids) {
      expect(await check(await supabaseToken({}, { kid }), supabase)).toBeDefined()
      // /dev/null as a key would be the empty secret.
      const empty = await supabaseToken({}, { kid })
      const input = empty.slice(0, empty.lastIndexOf('.'))
      const forged = `${input}.${createHmac('sha256', '').update(input).digest('base64url')}`
      await expect(check(forged, supabase)).rejects.toThrow('SIGNATURE')
    }
  })
})

describe('a token of a person is refused', () => {
  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['of another issuer', { iss: 'https://another.example' }, 'its iss is not accepted'],
    ['of the issuer, written in another way', { iss: 'http://127.0.0.1/' }, 'its iss is not accepted'],
    ['for somebody else', { aud: 'https://another.example' }, 'its aud is not accepted'],
    ['for nobody', { aud: undefined }, 'its aud is missing'],
    ['for another writing of the audience', { aud: 'Tenon' }, 'its aud is not accepted'],
    ['that has ended', { iat: NOW - 900, exp: NOW - 61 }, 'its exp is not accepted'],
    ['that does not end', { exp: undefined }, 'its exp is missing'],
    ['that has not begun', { nbf: NOW + 90 }, 'its nbf is not accepted'],
    ['that was issued in the future', { iat: NOW + 90 }, 'it was issued in the future'],
    ['that does not say when it was issued', { iat: undefined }, 'it does not say when it was issued'],
    ['that lives longer than the connection allows', { exp: NOW + 86_401, iat: NOW }, 'it lives too long'],
    ['without a subject', { sub: undefined }, 'its sub is missing'],
    ['with a subject that can not be kept', { sub: 'a\0b' }, 'its sub can not be kept'],
    ['that could not be revoked', { jti: undefined }, 'it has neither jti nor session_id'],
    ['with a jti that is no text', { jti: 7 }, 'its jti can not be read'],
    ['with a jti that can not be kept', { jti: 'a\0b' }, 'its jti can not be read'],
    ['with a jti without end', { jti: 'j'.repeat(256) }, 'its jti can not be read'],
    ['that its holder would have to prove', { cnf: { jkt: 'x' } }, 'it is bound to a key'],
    [
      'that is a notice',
      { events: { 'http://schemas.openid.net/event/backchannel-logout': {} } },
      'it tells of an event',
    ],
  ]
  it.each(REFUSED)('%s', async (_, claims, reason) => {
    await expect(check(await server.sign({ ...GOOD, ...claims }))).rejects.toThrow(reason)
  })

  it('of another type, or of none', async () => {
    for (const typ of ['dpop+jwt', 'logout+jwt', 'id+jwt', 'JWE', '', undefined])
      await expect(check(await server.sign(GOOD, { header: { typ } }))).rejects.toThrow('it is of another type')
    for (const typ of ['JWT', 'at+jwt', 'application/at+jwt'])
      expect(await check(await server.sign(GOOD, { header: { typ } }))).toBeDefined()
  })

  it('signed by nobody, or with the public key as if it were a secret', async () => {
    const claims = (await server.sign(GOOD)).split('.')[1] ?? ''
    for (const alg of ['none', 'None', 'NONE', ''])
      for (const signature of ['', 'AA'])
        await expect(check(`${part({ alg, typ: 'JWT' })}.${claims}.${signature}`)).rejects.toThrow(
          /algorithm|base64url/,
        )
    const jwk = await server.publicKey('RS256')
    const pem = await exportSPKI((await importJWK(jwk, 'RS256')) as CryptoKey)
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), jwk.n ?? '']) {
      const input = `${part({ alg: 'HS256', kid: jwk.kid, typ: 'JWT' })}.${claims}`
      await expect(check(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`)).rejects.toThrow(
        'its algorithm',
      )
    }
  })

  it('that brings its own key, or says where to get one; nobody goes there', async () => {
    const attacker = await startAuthorizationServer()
    const jwk = await attacker.publicKey('ES256')
    const header = { jwk, jku: `${attacker.issuer}/keys`, x5u: `${attacker.issuer}/keys` }
    const forged = await attacker.sign({ ...GOOD, iss: server.issuer }, { header })
    await expect(check(forged)).rejects.toThrow('ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
    expect(attacker.asked.size).toBe(0)
    await attacker.close()
  })

  it('that asks for extensions, unencoded content among them', async () => {
    for (const header of [{ crit: ['b64'], b64: false }, { crit: ['b64'], b64: true }, { crit: [] }]) {
      const [, claims, signature] = (await server.sign(GOOD)).split('.')
      const forged = `${part({ alg: 'ES256', kid: 'ES256-1', typ: 'JWT', ...header })}.${claims}.${signature}`
      await expect(check(forged)).rejects.toThrow('it asks for extensions')
    }
  })

  it('with padding, white space or anything else around it', async () => {
    const token = await server.sign(GOOD)
    const [header = '', claims = '', signature = ''] = token.split('.')
    const written = [
      `${token}=`,
      ` ${token}`,
      `${token}\n`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}\t.${signature}`,
    ]
    for (const wrong of written) await expect(check(wrong)).rejects.toThrow('it is not in base64url')
    await expect(check(await server.sign({ ...GOOD, padding: 'x'.repeat(6_000) }))).rejects.toThrow('it is too long')
  })
})

it('a token that nobody has named can be let in, and has a name all the same: that of its bytes without the signature', async () => {
  const token = await server.sign({ ...GOOD, jti: undefined })
  const [name] = (await check(token, { requireJti: false })).names
  expect(name).toEqual({ id: expect.stringMatching(/^sha256:[\w-]{43}$/), lasts: 'token' })
  const other = await server.sign({ ...GOOD, jti: undefined, nonce: 'x' })
  expect((await check(other, { requireJti: false })).names).not.toEqual([name])
  const both = await check(await server.sign({ ...GOOD, session_id: 's1' }))
  expect(both.names.map(({ id }) => id)).toEqual(['token-1', 's1'])
})
