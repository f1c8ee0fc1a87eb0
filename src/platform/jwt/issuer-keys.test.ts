import { jwtVerify, type JWTVerifyGetKey } from 'jose'
import { afterEach, describe, expect, it } from 'vitest'
import {
  startAuthorizationServer,
  type AuthorizationServer,
  type AuthorizationServerOptions,
  type Signing,
} from '../../../test/support/authorization-server.ts'
import { silentLog } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { createIssuerKeys, type KeyTimings } from './issuer-keys.ts'

const TIMINGS: KeyTimings = { timeoutMs: 1_000, cooldownMs: 60_000, retryMs: 60_000, freshMs: 60_000, staleMs: 60_000 }

let server: AuthorizationServer
afterEach(() => server.close())

async function start(
  timings: Partial<KeyTimings> = {},
  options: AuthorizationServerOptions = {},
): Promise<JWTVerifyGetKey> {
  server = await startAuthorizationServer(options)
  return createIssuerKeys({ issuer: server.issuer, log: silentLog, timings: { ...TIMINGS, ...timings } })
}

const codeOf = (thrown: unknown): unknown => (thrown as { code?: unknown }).code
/** `done`, or the code that says why not. */
async function check(keys: JWTVerifyGetKey, signing?: Signing): Promise<unknown> {
  return jwtVerify(await server.sign({}, signing), keys).then(() => 'done', codeOf)
}
const asked = (path = '/keys'): number => server.asked.get(path) ?? 0

describe('the keys of the issuer', () => {
  it('are asked for once, also by many at the same moment', async () => {
    const keys = await start()
    expect(asked()).toBe(0)
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => check(keys)))
    expect(new Set(outcomes)).toEqual(new Set(['done']))
    expect([asked(), asked('/.well-known/oauth-authorization-server')]).toEqual([1, 1])
  })

  it.each([
    ['RFC 8414', '/tenant/1', '/.well-known/oauth-authorization-server/tenant/1'],
    ['OpenID Connect at the root', '/tenant/1', '/.well-known/openid-configuration/tenant/1'],
    ['OpenID Connect below the issuer', '/tenant/1', '/tenant/1/.well-known/openid-configuration'],
    ['an issuer with a slash at its end', '/', '/.well-known/openid-configuration'],
  ])('are found by %s', async (_, path, metadataPath) => {
    expect(await check(await start({}, { path, metadataPath }))).toBe('done')
  })

  it('that were rotated are found by the name of the new one, and the old one ends', async () => {
    const keys = await start({ cooldownMs: 0 })
    expect(await check(keys)).toBe('done')
    await server.rotate()
    expect(await check(keys)).toBe('done')
    expect(await check(keys, { old: true })).toBe('ERR_JWKS_NO_MATCHING_KEY')
  })

  it('that were withdrawn end when they are not fresh any more, though nobody names another', async () => {
    const keys = await start({ freshMs: 0 })
    expect(await check(keys)).toBe('done')
    await server.rotate()
    expect(await check(keys, { old: true })).toBe('ERR_JWKS_NO_MATCHING_KEY')
  })

  it('are asked for once by a flood of names that nobody has', async () => {
    const keys = await start()
    expect(await check(keys)).toBe('done')
    for (let n = 0; n < 200; n++)
      expect(await check(keys, { header: { kid: `unknown-${n}` } })).toBe('ERR_JWKS_NO_MATCHING_KEY')
    expect(asked()).toBe(1)
  })

  it('are asked for once in a cooldown by such a flood', async () => {
    const keys = await start({ cooldownMs: 300 })
    const began = performance.now()
    await waitFor(async () => {
      await Promise.all(Array.from({ length: 20 }, (_, n) => check(keys, { header: { kid: `unknown-${n}` } })))
      return asked() >= 3
    }, 10_000)
    expect(asked()).toBeLessThanOrEqual(1 + (performance.now() - began) / 300)
  })
})

describe('an issuer that does not answer', () => {
  it.each(['broken', 'silent', 'huge', 'another', 'moved'] as const)(
    'as it should (%s) makes tokens unavailable',
    async (mode) => {
      const keys = await start({ timeoutMs: 200 })
      server.mode = mode
      expect(await check(keys)).toBe('unavailable')
      // Nobody is sent elsewhere, and be it inside the network of this server.
      expect([...server.asked.keys()].filter((path) => path.startsWith('/moved'))).toEqual([])
    },
  )

  it('is not asked again by every call', async () => {
    const keys = await start()
    server.mode = 'broken'
    for (let n = 0; n < 50; n++) expect(await check(keys)).toBe('unavailable')
    expect(asked('/.well-known/oauth-authorization-server')).toBe(1)
  })

  it('is asked again after a while', async () => {
    const keys = await start({ retryMs: 50 })
    server.mode = 'broken'
    expect(await check(keys)).toBe('unavailable')
    server.mode = 'well'
    await waitFor(async () => (await check(keys)) === 'done', 5_000)
  })

  it('leaves the keys that are at hand, for a while', async () => {
    const keys = await start({ freshMs: 0, retryMs: 0, staleMs: 60_000 })
    expect(await check(keys)).toBe('done')
    server.mode = 'broken'
    expect(await check(keys)).toBe('done')
    await server.close()
    const shortLived = await start({ freshMs: 0, retryMs: 0, staleMs: 0 })
    expect(await check(shortLived)).toBe('done')
    server.mode = 'broken'
    expect(await check(shortLived)).toBe('unavailable')
  })
})
