import { createHmac } from 'node:crypto'
import { exportSPKI, importJWK } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type AuthorizationServer } from '../../../../test/support/authorization-server.ts'
import { silentLog } from '../../../../test/support/database.ts'
import { createIssuerKeys, looksLikeToken } from '../../../platform/jwt/index.ts'
import type { OAuthSettings } from './settings.ts'
import { verifyToken, type VerifiedToken } from './verify-token.ts'

const AUDIENCE = 'https://tenon.example/mcp'
const NOW = Math.floor(Date.now() / 1000)
const GOOD = { aud: AUDIENCE, tenon_org: 'acme', scope: 'runs:read openid search:read' }

let server: AuthorizationServer
let settings: OAuthSettings
let check: (token: string, over?: Partial<OAuthSettings>, at?: number) => Promise<VerifiedToken>
beforeAll(async () => {
  server = await startAuthorizationServer()
  settings = {
    issuer: server.issuer,
    audiences: [AUDIENCE],
    algorithms: ['RS256', 'ES256', 'EdDSA'],
    orgClaim: 'tenon_org',
  }
  const keys = createIssuerKeys({ issuer: server.issuer, log: silentLog })
  check = (token, over = {}, at = NOW) =>
    verifyToken(token, { settings: { ...settings, ...over }, keys, now: new Date(at * 1000) })
})
afterAll(() => server.close())

const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a token that is accepted', () => {
  it('is signed by any of the configured algorithms, and says who, where and what', async () => {
    for (const alg of ['RS256', 'ES256', 'EdDSA'] as const)
      expect(await check(await server.sign({ ...GOOD, exp: NOW + 300 }, { alg }))).toEqual({
        subject: 'someone@example.org',
        org: 'acme',
        scopes: ['search:read', 'runs:read'],
        expiresAtMs: (NOW + 300) * 1000,
        endsAtMs: (NOW + 360) * 1000,
      })
  })

  it('may be for others as well, and be of type JWT or of none', async () => {
    expect(await check(await server.sign({ ...GOOD, aud: ['x', AUDIENCE] }))).toBeDefined()
    for (const typ of ['JWT', 'application/at+jwt', undefined])
      expect(await check(await server.sign(GOOD, { header: { typ } }))).toBeDefined()
  })

  it('may have its scopes in scp, as a list or as text; what Tenon does not have is left out', async () => {
    const rest = { aud: AUDIENCE, tenon_org: 'acme' }
    for (const scp of [['runs:write', 'admin'], 'runs:write admin'])
      expect((await check(await server.sign({ ...rest, scp }))).scopes).toEqual(['runs:write'])
    for (const scope of ['', 'admin *', 'runs:*', 'RUNS:READ', 'runs:read,runs:write', undefined])
      expect((await check(await server.sign({ ...rest, scope }))).scopes).toEqual([])
  })

  it('names its organisation in the claim that is configured', async () => {
    const claim = 'https://tenon.example/org'
    const token = await server.sign({ ...GOOD, tenon_org: undefined, [claim]: 'other' })
    expect(await check(token, { orgClaim: claim })).toMatchObject({ org: 'other' })
  })

  it('may differ from the clock by a minute', async () => {
    const token = await server.sign({ ...GOOD, nbf: NOW, iat: NOW, exp: NOW + 100 })
    for (const at of [NOW - 59, NOW + 100, NOW + 159]) expect(await check(token, {}, at)).toBeDefined()
    for (const at of [NOW - 62, NOW + 160]) await expect(check(token, {}, at)).rejects.toThrow('not accepted')
  })
})

describe('a token is refused', () => {
  const REFUSED: readonly (readonly [string, object, string])[] = [
    ['of another issuer', { iss: 'https://another.example' }, 'its iss is not accepted'],
    ['of an issuer that only looks alike', { iss: 'http://127.0.0.1' }, 'its iss is not accepted'],
    ['for somebody else', { aud: 'https://another.example' }, 'its aud is not accepted'],
    ['for the same place, written in another way', { aud: `${AUDIENCE}/` }, 'its aud is not accepted'],
    ['for nobody', { aud: undefined }, 'its aud is missing'],
    ['that has ended', { iat: NOW - 900, exp: NOW - 61 }, 'its exp is not accepted'],
    ['that does not end', { exp: undefined }, 'its exp is missing'],
    ['that ends in a text', { exp: String(NOW + 60) }, 'its exp is not accepted'],
    ['that has not begun', { nbf: NOW + 90 }, 'its nbf is not accepted'],
    ['that was issued in the future', { iat: NOW + 90 }, 'it was issued in the future'],
    ['that lives longer than a day', { exp: NOW + 86_401, iat: NOW }, 'it lives too long'],
    ['that has lived for long', { exp: NOW + 60, iat: NOW - 86_400 }, 'it lives too long'],
    ['that would live longer and says not since when', { exp: NOW + 90_000, iat: undefined }, 'it lives too long'],
    ['without a subject', { sub: undefined }, 'its sub is missing'],
    ['with an empty subject', { sub: '' }, 'it has no subject'],
    ['with a subject that is no text', { sub: 7 }, 'it has no subject'],
    ['without an organisation', { tenon_org: undefined }, 'it names no organisation'],
    ['with several organisations', { tenon_org: ['acme', 'other'] }, 'it names no organisation'],
    ['with an organisation that can not be', { tenon_org: "acme' or 1=1 --\0" }, 'it names no organisation'],
    ['with scopes that are none', { scope: { read: true } }, 'its scopes can not be read'],
    ['that its holder would have to prove', { cnf: { jkt: 'x' } }, 'it is bound to a key'],
  ]
  it.each(REFUSED)('%s', async (_, claims, reason) => {
    await expect(check(await server.sign({ ...GOOD, ...claims }))).rejects.toThrow(reason)
  })

  it('without asking anyone when it names another issuer', async () => {
    const keys = createIssuerKeys({ issuer: 'http://127.0.0.1:1', log: silentLog })
    for (const iss of ['https://another.example', 'tn_live_', '', undefined, 5, [server.issuer]])
      await expect(
        verifyToken(await server.sign({ ...GOOD, iss }), { settings, keys, now: new Date() }),
      ).rejects.toThrow('its iss is not accepted')
    await expect(verifyToken(await server.sign(GOOD), { settings, keys, now: new Date() })).rejects.toMatchObject({
      code: 'unavailable',
    })
  })

  it('that is signed by nobody, whatever it says', async () => {
    const [, claims] = (await server.sign(GOOD)).split('.')
    for (const alg of ['none', 'None', 'NONE', ''])
      for (const signature of ['', 'AA'])
        await expect(check(`${part({ alg, typ: 'JWT' })}.${claims}.${signature}`)).rejects.toThrow(
          /algorithm|base64url/,
        )
  })

  it('that is signed with the public key as if it were a secret', async () => {
    const jwk = await server.publicKey('RS256')
    const pem = await exportSPKI((await importJWK(jwk, 'RS256')) as CryptoKey)
    const [, claims] = (await server.sign(GOOD)).split('.')
    for (const secret of [pem, pem.trim(), JSON.stringify(jwk), jwk.n ?? '']) {
      const input = `${part({ alg: 'HS256', kid: jwk.kid, typ: 'JWT' })}.${claims}`
      const signature = createHmac('sha256', secret).update(input).digest('base64url')
      await expect(check(`${input}.${signature}`)).rejects.toThrow('its algorithm is not one of the configured')
    }
  })

  it('that is signed by an algorithm which is not configured, though the key is right', async () => {
    const token = await server.sign(GOOD, { alg: 'RS256' })
    await expect(check(token, { algorithms: ['ES256'] })).rejects.toThrow('its algorithm')
    expect(await check(token, { algorithms: ['RS256'] })).toBeDefined()
  })

  it('that names a key of another algorithm, or one that the issuer does not have', async () => {
    const other = await server.sign(GOOD, { alg: 'ES256', header: { kid: 'RS256-1' } })
    await expect(check(other)).rejects.toThrow('ERR_JWKS_NO_MATCHING_KEY')
    const unknown = await server.sign(GOOD, { header: { kid: 'unknown' } })
    await expect(check(unknown)).rejects.toThrow('ERR_JWKS_NO_MATCHING_KEY')
  })

  it('that brings its own key, or says where to get one', async () => {
    const attacker = await startAuthorizationServer()
    const jwk = await attacker.publicKey('ES256')
    const header = { jwk, jku: `${attacker.issuer}/keys`, x5u: `${attacker.issuer}/keys` }
    const forged = await attacker.sign({ ...GOOD, iss: server.issuer }, { header })
    await expect(check(forged)).rejects.toThrow('ERR_JWS_SIGNATURE_VERIFICATION_FAILED')
    expect(attacker.asked.size).toBe(0)
    await attacker.close()
  })

  it('of which one bit was changed', async () => {
    const [header, claims, signature] = (await server.sign(GOOD)).split('.')
    const changed = part({ ...GOOD, iss: server.issuer, sub: 'x', exp: NOW + 60, tenon_org: 'other' })
    await expect(check(`${header}.${changed}.${signature}`)).rejects.toThrow('SIGNATURE')
    await expect(
      check(`${header}.${claims}.${signature?.replace(/^./, (c) => (c === 'A' ? 'B' : 'A'))}`),
    ).rejects.toThrow('SIGNATURE')
  })

  it('that asks for extensions', async () => {
    const token = await server.sign(GOOD, { header: { crit: ['b64'], b64: true } })
    await expect(check(token)).rejects.toThrow('it asks for extensions')
  })

  it('of another type', async () => {
    for (const typ of ['dpop+jwt', 'logout+jwt', 'JWE', ''])
      await expect(check(await server.sign(GOOD, { header: { typ } }))).rejects.toThrow('it is of another type')
  })

  it('that is not in strict base64url', async () => {
    const token = await server.sign(GOOD)
    const [header = '', claims = '', signature = ''] = token.split('.')
    // 64 bytes have two characters at their end of which four bits mean nothing.
    const last = signature.at(-1) ?? ''
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const alias = signature.slice(0, -1) + alphabet[alphabet.indexOf(last) + 1]
    const written = [
      `${token}=`,
      `${token}==`,
      ` ${token}`,
      `${token}\n`,
      `${header}=.${claims}.${signature}`,
      `${header}.${claims}\t.${signature}`,
      `${header}.${claims}.${signature.replace(/.$/, '+')}`,
      `${header}.${claims}.${alias}`,
      `${header}..${signature}`,
      '..',
    ]
    for (const wrong of written) await expect(check(wrong)).rejects.toThrow('it is not in base64url')
    expect(await check(token)).toBeDefined()
  })

  it('that is no JSON, or no object', async () => {
    const [, claims, signature] = (await server.sign(GOOD)).split('.')
    for (const header of ['', 'x', '[]', '"ES256"', 'null'])
      await expect(check(`${Buffer.from(header || '{').toString('base64url')}.${claims}.${signature}`)).rejects.toThrow(
        /header|algorithm/,
      )
  })

  it('that is longer than 8 KiB', async () => {
    const token = await server.sign({ ...GOOD, padding: 'x'.repeat(6_000) })
    expect(token.length).toBeGreaterThan(8_192)
    await expect(check(token)).rejects.toThrow('it is too long')
    expect(await check(await server.sign({ ...GOOD, padding: 'x'.repeat(5_000) }))).toBeDefined()
  })
})

it('a token has three parts, as no API key has', () => {
  expect(['a.b.c', '..', 'tn_live_abc', 'a.b', 'a.b.c.d', 'a.b.c.d.e', ''].map(looksLikeToken)).toEqual([
    true,
    true,
    false,
    false,
    false,
    false,
    false,
  ])
})
