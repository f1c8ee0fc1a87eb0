import { createSecretKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { startAuthorizationServer, type AuthorizationServer } from '../../../test/support/authorization-server.ts'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../test/support/database.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import type { UserId } from '../../contract/ids.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Holder } from '../../kernel/identify.ts'
import { openDatabase, type Database } from '../../platform/db/index.ts'
import type { KeyTimings } from '../../platform/jwt/index.ts'
import type { Connection } from './connection.ts'
import { createIssuers, type Issuers, type IssuersOptions, type NewPerson } from './index.ts'

const AUDIENCE = 'tenon'
const SECRET = Buffer.from('a secret of a project that nobody else knows')
const TIMINGS: KeyTimings = { timeoutMs: 1_000, cooldownMs: 0, retryMs: 0, freshMs: 60_000, staleMs: 60_000 }

let server: AuthorizationServer
let database: TestDatabase
let other: Database
let connections: readonly Connection[]
let users: Map<UserId, NewPerson>
let movedMs = 0
let token = 0
const logged: unknown[] = []
const log: Log = { ...silentLog, info: (...args) => logged.push(args), warn: (...args) => logged.push(args) }

beforeAll(async () => {
  server = await startAuthorizationServer()
  database = await createTestDatabase()
  other = openDatabase({ url: database.url, log: silentLog })
  const oidc: Connection = {
    name: 'staff',
    kind: 'oidc',
    issuer: server.issuer,
    audiences: [AUDIENCE],
    signing: { algorithms: ['ES256'] },
    emailClaim: 'email',
    emailVerifiedClaim: 'email_verified',
    trustEmail: false,
    requireJti: true,
    maxAgeSeconds: 86_400,
  }
  const app: Connection = {
    ...oidc,
    name: 'app',
    kind: 'supabase',
    issuer: 'https://project.supabase.co/auth/v1',
    audiences: ['authenticated'],
    signing: { secret: createSecretKey(SECRET) },
    trustEmail: true,
  }
  connections = [oidc, app]
})
afterAll(async () => {
  await other.close()
  await database.close()
  await server.close()
})
beforeEach(async () => {
  users = new Map()
  movedMs = 0
  logged.length = 0
  await database.query('truncate issuer_identities, revoked_tokens')
})

/** A node of Tenon, as far as people of issuers are its concern. */
function nodeOn(db: Database, over: Partial<IssuersOptions> = {}): Issuers {
  return createIssuers({
    db,
    connections,
    clock: { now: () => new Date(Date.now() + movedMs) },
    log,
    createPerson: async (person) => void users.set(person.id, person),
    enter: async () => null,
    timings: TIMINGS,
    ...over,
  })
}
const sign = (claims: object = {}): Promise<string> =>
  server.sign({ aud: AUDIENCE, jti: `token-${(token += 1)}`, ...claims })

function supabaseToken(claims: object = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000)
  const usual = {
    iss: 'https://project.supabase.co/auth/v1',
    sub: 'supabase-user',
    aud: 'authenticated',
    role: 'authenticated',
  }
  return new SignJWT({
    ...usual,
    iat: now,
    exp: now + 3600,
    session_id: 'session-1',
    email: 'ada@example.org',
    ...claims,
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(SECRET)
}

function userIn(holder: Holder | null): UserId | null {
  const actor = holder?.principal.actor
  return actor?.kind === 'user' ? actor.id : null
}
const revoke = (node: Issuers, input: object) => {
  const [verb] = node.verbs
  return verb?.run({ clock: { now: () => new Date() }, log } as never, input, undefined)
}

describe('a token of a person', () => {
  it('is told by its issuer from keys, from tokens of others, and from what is none', async () => {
    const node = nodeOn(database.db)
    expect(node.looksLike(await sign())).toBe(true)
    expect(node.looksLike(await supabaseToken())).toBe(true)
    const not = [
      await sign({ iss: `${server.issuer}/` }),
      await sign({ iss: undefined }),
      'tn_live_x',
      'a.b.c',
      '..',
      '',
      'x'.repeat(9_000),
    ]
    expect(not.filter(node.looksLike)).toEqual([])
    expect(server.asked.size).toBe(0)
  })

  it('makes its user at the first visit, with the address that the issuer has checked, and finds them after that', async () => {
    const node = nodeOn(database.db)
    const first = await node.authenticate(await sign({ email: 'Ada@example.org', email_verified: true, name: 'Ada' }))
    expect(first).toMatchObject({
      state: 'valid',
      principal: { org: null, scopes: [], actor: { session: null, role: null } },
    })
    const id = userIn(first)
    expect([...users.values()]).toEqual([{ id, email: 'ada@example.org', name: 'Ada' }])
    expect(userIn(await nodeOn(other).authenticate(await sign({ email: 'new@example.org' })))).toBe(id)
    const others = [await sign({ sub: 'somebody else' }), await supabaseToken({ sub: 'someone@example.org' })]
    for (const each of others) expect(userIn(await node.authenticate(each))).not.toBe(id)
    expect(users.size).toBe(3)
  })

  it('brings no scopes, whatever it says', async () => {
    const holder = await nodeOn(database.db).authenticate(
      await sign({ scope: 'runs:write', scp: ['billing:write'], role: 'owner' }),
    )
    expect(holder?.principal.scopes).toEqual([])
  })

  it('makes one user when it comes fifty times at once, on two nodes', async () => {
    const nodes = [nodeOn(database.db), nodeOn(other)]
    const tokens = await Promise.all(Array.from({ length: 50 }, () => sign({ sub: 'racer' })))
    const ids = await Promise.all(
      tokens.map(async (each, n) => userIn((await nodes[n % 2]?.authenticate(each)) ?? null)),
    )
    expect(new Set(ids).size).toBe(1)
    expect([...users.keys()]).toEqual([ids[0]])
  })

  it('makes the same user after a visit that was cut', async () => {
    let tried: UserId | undefined
    const cut = nodeOn(database.db, {
      createPerson: async ({ id }) => {
        tried = id
        throw new Error('the process ends here')
      },
    })
    const given = await sign({ sub: 'cut' })
    await expect(cut.authenticate(given)).rejects.toThrow('the process ends here')
    expect(userIn(await nodeOn(database.db).authenticate(given))).toBe(tried)
    expect([...users.keys()]).toEqual([tried])
    expect(tried).toMatch(/^user_/)
  })

  it('is refused when it has ended since it was verified', async () => {
    const node = nodeOn(database.db)
    const given = await sign()
    expect(await node.authenticate(given)).not.toBe(null)
    movedMs = 361_000
    expect(await node.authenticate(given)).toBe(null)
  })

  it('leaves neither itself nor the person in the log when it is refused', async () => {
    const node = nodeOn(database.db)
    const given = await sign({ sub: 'secret-person', aud: 'elsewhere', email: 'ada@example.org' })
    expect(await node.authenticate(given)).toBe(null)
    const text = JSON.stringify(logged)
    expect(text).toContain('its aud is not accepted')
    expect(text).toContain('staff')
    for (const secret of [given, 'secret-person', 'ada@', 'elsewhere']) expect(text).not.toContain(secret)
    expect(users.size).toBe(0)
  })
})

describe('the keys of an issuer of people', () => {
  it('may be rotated', async () => {
    const issuer = await startAuthorizationServer()
    const [oidc] = connections
    if (oidc === undefined) throw new Error('there is none')
    const node = nodeOn(database.db, { connections: [{ ...oidc, issuer: issuer.issuer }] })
    const before = await issuer.sign({ aud: AUDIENCE, jti: 'a' })
    expect(await node.authenticate(before)).not.toBe(null)
    await issuer.rotate()
    expect(await node.authenticate(await issuer.sign({ aud: AUDIENCE, jti: 'b' }))).not.toBe(null)
    expect(await node.authenticate(await issuer.sign({ aud: AUDIENCE, jti: 'c' }, { old: true }))).toBe(null)
    await issuer.close()
  })

  it.each(['broken', 'silent', 'huge', 'another', 'moved'] as const)(
    'that can not be had (%s) make nobody wrong: the answer is unavailable',
    async (mode) => {
      const issuer = await startAuthorizationServer()
      issuer.mode = mode
      const [oidc] = connections
      if (oidc === undefined) throw new Error('there is none')
      const timings = { ...TIMINGS, timeoutMs: 200 }
      const node = nodeOn(database.db, { connections: [{ ...oidc, issuer: issuer.issuer }], timings })
      const given = await issuer.sign({ aud: AUDIENCE, jti: 'a' })
      await expect(node.authenticate(given)).rejects.toMatchObject({ code: 'unavailable' })
      issuer.mode = 'well'
      expect(await node.authenticate(given)).not.toBe(null)
      await issuer.close()
    },
  )
})

describe('a revoked token', () => {
  it('is refused by another node within a second, also one that it knows; others are not', async () => {
    const [here, there] = [nodeOn(database.db), nodeOn(other)]
    const [one, two] = [await sign({ jti: 'one' }), await sign({ jti: 'two' })]
    for (const each of [one, two]) expect(await there.authenticate(each)).not.toBe(null)
    expect(await revoke(here, { connection: 'staff', jti: 'one' })).toMatchObject({ connection: 'staff', jti: 'one' })
    const began = performance.now()
    expect(await here.authenticate(one)).toBe(null)
    await waitFor(async () => (await there.authenticate(one)) === null, 5_000)
    expect(performance.now() - began).toBeLessThan(1_000)
    for (const node of [here, there]) expect(await node.authenticate(two)).not.toBe(null)
  })

  it('is accepted by no node in any of many calls that begin a second later', async () => {
    const nodes = [nodeOn(database.db), nodeOn(other)]
    const operator = nodeOn(other)
    const given = await Promise.all(
      Array.from({ length: 20 }, (_, n) => sign({ jti: `many-${n}`, sub: `many-${n % 4}` })),
    )
    let accepted = 0
    let revokedAt = Number.POSITIVE_INFINITY
    let late = 0
    const end = performance.now() + 2_500
    const callers = nodes.map(async (node) => {
      while (performance.now() < end) {
        const began = performance.now()
        const results = await Promise.all(given.map((each) => node.authenticate(each)))
        accepted += results.filter((each) => each !== null).length
        if (began > revokedAt + 1_000) late += results.filter((each) => each !== null).length
      }
    })
    await waitFor(async () => accepted > 200, 5_000)
    for (const [n] of given.entries()) await revoke(operator, { connection: 'staff', jti: `many-${n}` })
    revokedAt = performance.now()
    await Promise.all(callers)
    expect(late).toBe(0)
  })

  it('makes no user', async () => {
    const node = nodeOn(database.db)
    await revoke(node, { connection: 'staff', jti: 'early' })
    expect(await node.authenticate(await sign({ jti: 'early', sub: 'newcomer' }))).toBe(null)
    expect(users.size).toBe(0)
  })

  it('is one of its connection alone', async () => {
    const node = nodeOn(database.db)
    await revoke(node, { connection: 'app', jti: 'same' })
    expect(await node.authenticate(await sign({ jti: 'same' }))).not.toBe(null)
  })

  it('ends with its session at the issuer, and so do those that the session gives out later', async () => {
    const node = nodeOn(database.db)
    expect(await node.authenticate(await supabaseToken())).not.toBe(null)
    await revoke(node, { connection: 'app', jti: 'session-1' })
    expect(await node.authenticate(await supabaseToken({ iat: Math.floor(Date.now() / 1000) + 30 }))).toBe(null)
    expect(await node.authenticate(await supabaseToken({ session_id: 'session-2' }))).not.toBe(null)
  })

  it('stays revoked when it is revoked again, until the later of both ends', async () => {
    const node = nodeOn(database.db)
    const at = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString()
    const [long, short] = [at(20), at(10)]
    const first = await revoke(node, { connection: 'staff', jti: 'twice', expiresAt: long })
    expect(await revoke(node, { connection: 'staff', jti: 'twice', expiresAt: short })).toEqual(first)
    expect(first).toMatchObject({ expiresAt: long })
    const usual = (await revoke(node, { connection: 'staff', jti: 'usual' })) as { expiresAt: string }
    expect(Math.round((Date.parse(usual.expiresAt) - Date.now()) / 86_400_000)).toBe(90)
  })

  it('has to be one of a connection that there is, and may not be over already', async () => {
    const node = nodeOn(database.db)
    await expect(revoke(node, { connection: 'stuff', jti: 'x' })).rejects.toMatchObject({ code: 'not_found' })
    for (const wrong of [{ jti: 'x', expiresAt: '2020-01-01T00:00:00Z' }, { jti: 'a\0b' }, { jti: '\ud800' }])
      await expect(revoke(node, { connection: 'staff', ...wrong })).rejects.toMatchObject({ code: 'validation_failed' })
    expect(await database.query('select from revoked_tokens')).toHaveLength(0)
  })

  it('is forgotten an hour after it has ended, and not before', async () => {
    const node = nodeOn(database.db)
    for (const jti of ['ended', 'ending', 'open']) await revoke(node, { connection: 'staff', jti })
    await database.query("update revoked_tokens set expires_at = now() - interval '61 minutes' where jti = 'ended'")
    await database.query("update revoked_tokens set expires_at = now() - interval '59 minutes' where jti = 'ending'")
    await node.sweep()
    const left = await database.query<{ jti: string }>('select jti from revoked_tokens order by jti')
    expect(left.map(({ jti }) => jti)).toEqual(['ending', 'open'])
  })

  it('lets nobody in while nobody can tell whether it was revoked', async () => {
    const cut = openDatabase({ url: database.url, log: silentLog })
    const node = nodeOn(cut)
    const given = await sign()
    expect(await node.authenticate(given)).not.toBe(null)
    await cut.close()
    await waitFor(
      async () =>
        node.authenticate(given).then(
          () => false,
          () => true,
        ),
      5_000,
    )
  })
})

describe('signing out', () => {
  it('takes back the token of the call, by each of its names, on every node', async () => {
    const [here, there] = [nodeOn(database.db), nodeOn(other)]
    const given = await sign({ jti: 'mine', session_id: 'my-session' })
    const next = await sign({ jti: 'next', session_id: 'my-session' })
    for (const each of [given, next]) expect(await there.authenticate(each)).not.toBe(null)
    const actor = (await here.authenticate(given))?.principal.actor
    expect(actor && (await here.signOut(actor))).toBe(true)
    expect(await here.authenticate(given)).toBe(null)
    for (const each of [given, next]) await waitFor(async () => (await there.authenticate(each)) === null, 1_000)
    const kept = await database.query<{ jti: string; days: number }>(
      'select jti, round(extract(epoch from expires_at - now()) / 86400)::int as days from revoked_tokens order by jti',
    )
    expect(kept).toEqual([
      { jti: 'mine', days: 0 },
      { jti: 'my-session', days: 90 },
    ])
  })

  it('takes back a token that has no name', async () => {
    const [oidc] = connections
    if (oidc === undefined) throw new Error('there is none')
    const node = nodeOn(database.db, { connections: [{ ...oidc, requireJti: false }] })
    const [mine, another] = [await sign({ jti: undefined }), await sign({ jti: undefined, nonce: 'x' })]
    const actor = (await node.authenticate(mine))?.principal.actor
    expect(actor && (await node.signOut(actor))).toBe(true)
    expect(await node.authenticate(mine)).toBe(null)
    expect(await node.authenticate(another)).not.toBe(null)
  })

  it('is not its concern when the actor has come by another credential', async () => {
    const actor = { kind: 'user', id: 'user_01jd2m5x8qf3v7w9y0z1a2b3c4', session: 'session_1', role: null } as const
    expect(await nodeOn(database.db).signOut(actor)).toBe(false)
  })
})
