import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  confirmSession,
  confirmTwoFactor,
  createSession,
  disableTwoFactor,
  enableTwoFactor,
  endSession,
  listSessions,
  revokeSession,
  signUp,
} from '../../contract/accounts.ts'
import { createApiKey, getMe } from '../../contract/identity.ts'
import { composeDomains } from '../../app/compose-domains.ts'
import { composeCaller } from '../../app/compose-caller.ts'
import { systemClock } from '../../kernel/clock.ts'
import { openDatabase } from '../../platform/db/index.ts'
import { createQueue } from '../../platform/queue/index.ts'
import { silentLog } from '../../../test/support/database.ts'
import { AUTH_SECRETS, ROOT_KEY, startTestNode, type TestNode } from '../../../test/support/node.ts'
import {
  callAs,
  dataOf,
  errorOf,
  newPerson,
  PASSWORD,
  signIn,
  totp,
  type SignedIn,
} from '../../../test/support/people.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

let people = 0
const newAda = (): Promise<SignedIn> => newPerson(node, `ada-${people++}@example.com`)
const sessionsOf = (session: string, on: Pick<TestNode, 'caller'> = node) =>
  callAs(on, { apiKey: session }, listSessions, {})

describe('a session', () => {
  it('is listed with where it was begun, and is the only way to see it', async () => {
    const ada = await newAda()
    await signIn(node, ada.email, PASSWORD, { address: '203.0.113.7', userAgent: 'Firefox/150' })
    const [newest, oldest, ...more] = await dataOf(sessionsOf(ada.session), listSessions)
    expect(more).toEqual([])
    expect(newest).toMatchObject({ current: false, address: '203.0.113.7', userAgent: 'Firefox/150' })
    expect(oldest).toMatchObject({ current: true, userAgent: null })
    expect(Date.parse(newest?.expiresAt ?? '') - Date.parse(newest?.createdAt ?? '')).toBeCloseTo(30 * 86_400_000, -4)
    expect(JSON.stringify([newest, oldest])).not.toContain('tn_session_')
  })

  it('that is revoked or signed out is refused at once by another node', async () => {
    const other = await anotherNode(AUTH_SECRETS)
    try {
      const ada = await newAda()
      const [gone, out] = [await signIn(node, ada.email), await signIn(node, ada.email)]
      for (const { session } of [ada, gone, out]) expect((await sessionsOf(session, other)).status).toBe(200)
      const listed = await dataOf(sessionsOf(gone.session), listSessions)
      const id = listed.find(({ current }) => current)?.id ?? ''
      await dataOf(callAs(node, { apiKey: ada.session }, revokeSession, { session: id }), revokeSession)
      await dataOf(callAs(node, { apiKey: out.session }, endSession, {}), endSession)
      expect((await sessionsOf(gone.session, other)).status).toBe(401)
      expect((await sessionsOf(out.session, other)).status).toBe(401)
      expect((await sessionsOf(ada.session, other)).status).toBe(200)
    } finally {
      await other.close()
    }
  })

  it('of somebody else is none, and neither is one that has ended', async () => {
    const [ada, eve] = [await newAda(), await newAda()]
    const [own] = await dataOf(sessionsOf(ada.session), listSessions)
    for (const session of [own?.id, 'session_00000000000000000000000000', 'x'])
      expect(await errorOf(callAs(node, { apiKey: eve.session }, revokeSession, { session }))).toMatchObject({
        code: 'not_found',
      })
    expect((await sessionsOf(ada.session)).status).toBe(200)
  })

  it('is refused with any character changed, and cannot be made of what the database has', async () => {
    const ada = await newAda()
    const [row] = await node.database.query<{ token: string }>('select token from user_sessions where user_id = $1', [
      ada.id,
    ])
    const token = row?.token ?? ''
    const forged = [token, `tn_session_${token}`, `tn_session_${token}${'A'.repeat(43)}`, `${ada.session}A`]
    for (let at = 0; at < ada.session.length; at += 3)
      forged.push(`${ada.session.slice(0, at)}${ada.session[at] === 'x' ? 'y' : 'x'}${ada.session.slice(at + 1)}`)
    for (const session of forged) expect((await sessionsOf(session)).status).toBe(401)
    expect((await sessionsOf(ada.session)).status).toBe(200)
  })

  it('is renewed by use, at most daily, and ends when nobody uses it', async () => {
    const ada = await newAda()
    const set = (updated: string, expires: string) =>
      node.database.query(
        `update user_sessions set updated_at = now() - interval '${updated}', expires_at = now() + interval '${expires}' where user_id = $1`,
        [ada.id],
      )
    const endsIn = async (): Promise<number> => {
      const [session] = await dataOf(sessionsOf(ada.session), listSessions)
      return (Date.parse(session?.expiresAt ?? '') - Date.now()) / 86_400_000
    }
    await set('23 hours', '5 days')
    expect(await endsIn()).toBeCloseTo(5, 1)
    await set('25 hours', '5 days')
    expect(await endsIn()).toBeCloseTo(30, 1)
    await set('0 hours', '-1 seconds')
    expect((await sessionsOf(ada.session)).status).toBe(401)
  })

  it('stays good while the secret that has signed it is in the list', async () => {
    const ada = await newAda()
    const next = 'the next secret of a test 0123456789abcdef'
    const rotated = await anotherNode([next, ...AUTH_SECRETS])
    const later = await anotherNode([next])
    try {
      expect((await sessionsOf(ada.session, rotated)).status).toBe(200)
      expect((await sessionsOf(ada.session, later)).status).toBe(401)
    } finally {
      await rotated.close()
      await later.close()
    }
  })

  it('opens what is for people alone, and nothing of an organisation that they do not belong to', async () => {
    const ada = await newAda()
    const org = await node.onboard('alone')
    for (const named of [undefined, org.slug])
      expect(
        (
          await callAs(node, { apiKey: ada.session, ...(named === undefined ? {} : { org: named }) }, createApiKey, {
            org: org.slug,
            name: 'x',
          })
        ).status,
      ).toBe(404)
    expect(await errorOf(callAs(node, { apiKey: org.apiKey }, listSessions, {}))).toMatchObject({ code: 'forbidden' })
    expect((await callAs(node, {}, listSessions, {})).status).toBe(401)
    expect((await callAs(node, { apiKey: org.apiKey }, getMe, {})).status).toBe(200)
  })

  it('is a new one at each sign-in', async () => {
    const ada = await newAda()
    const again = await signIn(node, ada.email)
    expect(again.session).not.toBe(ada.session)
  })
})

describe('signing in', () => {
  it('gives a browser the session in a cookie alone', async () => {
    const ada = await newAda()
    const outcome = await callAs(node, {}, createSession, { email: ada.email, password: PASSWORD, cookie: true })
    if (!outcome.ok) throw new Error('it failed')
    expect(outcome.envelope.data).toMatchObject({ session: { token: null } })
    const { token = '' } = outcome.session ?? {}
    expect(token).toMatch(/^tn_session_/)
    expect(JSON.stringify(outcome.envelope)).not.toContain(token)
    const ended = await callAs(node, { session: token }, endSession, {})
    expect(ended.ok && ended.session).toBeNull()
  })

  it('says the same for a wrong password and for nobody, after as much work', async () => {
    const ada = await newAda()
    const wrong = { email: ada.email, password: 'wrong password' }
    const nobody = { email: 'nobody@example.com', password: 'wrong password' }
    const [first, second] = [
      await callAs(node, {}, createSession, wrong),
      await callAs(node, {}, createSession, nobody),
    ]
    expect([first.status, first.envelope]).toEqual([second.status, second.envelope])
    expect(first.status).toBe(401)
    const fastest = async (input: object): Promise<number> => {
      const times = []
      for (let n = 0; n < 4; n++) {
        // What the processor has done, which a busy machine does not change.
        const began = process.cpuUsage()
        await callAs(node, {}, createSession, input)
        const { user, system } = process.cpuUsage(began)
        times.push(user + system)
      }
      return Math.min(...times)
    }
    const [known, unknown] = [await fastest(wrong), await fastest(nobody)]
    expect(Math.max(known, unknown) / Math.min(known, unknown)).toBeLessThan(2.5)
  })
})

describe('a second factor', () => {
  interface Guarded extends SignedIn {
    readonly uri: string
    readonly backupCodes: readonly string[]
  }
  async function guarded(): Promise<Guarded> {
    const ada = await newAda()
    const as = { apiKey: ada.session }
    const { totpUri: uri, backupCodes } = await dataOf(
      callAs(node, as, enableTwoFactor, { password: PASSWORD }),
      enableTwoFactor,
    )
    const { session } = await dataOf(callAs(node, as, confirmTwoFactor, { code: totp(uri) }), confirmTwoFactor)
    return { ...ada, session: session.token ?? '', uri, backupCodes }
  }
  const challengeOf = async (email: string): Promise<string> => {
    const answer = await dataOf(callAs(node, {}, createSession, { email, password: PASSWORD }), createSession)
    expect(answer).toMatchObject({ session: null, user: null })
    return answer.secondFactor?.challenge ?? ''
  }
  const confirm = (challenge: string, code: string) => callAs(node, {}, confirmSession, { challenge, code })

  it('is asked for once it was confirmed, and a code works once', async () => {
    const ada = await guarded()
    const code = totp(ada.uri)
    const { session, user } = await dataOf(confirm(await challengeOf(ada.email), code), confirmSession)
    expect(user).toMatchObject({ id: ada.id, twoFactor: true })
    expect((await sessionsOf(session.token ?? '')).status).toBe(200)
    expect((await confirm(await challengeOf(ada.email), code)).status).toBe(401)
    expect((await confirm(await challengeOf(ada.email), totp(ada.uri, 1))).status).toBe(201)
  })

  it('begins with the password, and counts only when a code has confirmed it', async () => {
    const ada = await newAda()
    const as = { apiKey: ada.session }
    expect(await errorOf(callAs(node, as, confirmTwoFactor, { code: '123456' }))).toMatchObject({
      code: 'second_factor_missing',
    })
    expect(await errorOf(callAs(node, as, enableTwoFactor, { password: 'wrong' }))).toMatchObject({
      code: 'proof_wrong',
    })
    const { totpUri } = await dataOf(callAs(node, as, enableTwoFactor, { password: PASSWORD }), enableTwoFactor)
    expect(totpUri).toMatch(/^otpauth:\/\/totp\/Tenon/)
    expect((await signIn(node, ada.email)).id).toBe(ada.id)
    const wrong = totp(totpUri) === '000000' ? '000001' : '000000'
    expect(await errorOf(callAs(node, as, confirmTwoFactor, { code: wrong }))).toMatchObject({ code: 'proof_wrong' })
    const { session } = await dataOf(callAs(node, as, confirmTwoFactor, { code: totp(totpUri) }), confirmTwoFactor)
    // The session of the call has ended with it.
    expect((await sessionsOf(ada.session)).status).toBe(401)
    const renewed = { apiKey: session.token ?? '' }
    for (const [operation, input] of [
      [confirmTwoFactor, { code: totp(totpUri, 1) }],
      [enableTwoFactor, { password: PASSWORD }],
    ] as const)
      expect(await errorOf(callAs(node, renewed, operation, input))).toMatchObject({ code: 'second_factor_active' })
  })

  it('can be given by a backup code, each of which works once', async () => {
    const ada = await guarded()
    const [code = ''] = ada.backupCodes
    expect((await confirm(await challengeOf(ada.email), code)).status).toBe(201)
    expect((await confirm(await challengeOf(ada.email), code)).status).toBe(401)
  })

  it('is locked after ten wrong codes in a row, five for each challenge', async () => {
    const ada = await guarded()
    const wrongCodes = Array.from({ length: 12 }, (_, n) => String(n).padStart(6, '0'))
    const first = await challengeOf(ada.email)
    for (const code of wrongCodes.slice(0, 5)) expect((await confirm(first, code)).status).toBe(401)
    // The right one comes too late for this challenge.
    expect((await confirm(first, totp(ada.uri, 1))).status).toBe(401)
    const second = await challengeOf(ada.email)
    for (const code of wrongCodes.slice(5, 10)) expect((await confirm(second, code)).status).toBe(401)
    const locked = await errorOf(confirm(await challengeOf(ada.email), ada.backupCodes[0] ?? ''))
    expect(locked).toMatchObject({ code: 'second_factor_locked', details: { retryAfterSeconds: 900 } })
    await node.database.query("update two_factors set locked_until = now() - interval '1 second' where user_id = $1", [
      ada.id,
    ])
    expect((await confirm(await challengeOf(ada.email), ada.backupCodes[0] ?? '')).status).toBe(201)
  }, 30_000)

  it('takes no challenge that was changed, made up, or met before', async () => {
    const ada = await guarded()
    const challenge = await challengeOf(ada.email)
    const code = totp(ada.uri)
    for (const other of ['x', 'tn_challenge_2fa-x_A', `${challenge}x`, challenge.replace('2fa', '2fb'), ada.session])
      expect((await confirm(other, code)).status).toBe(401)
    expect((await confirm(challenge, code)).status).toBe(201)
    expect((await confirm(challenge, ada.backupCodes[0] ?? '')).status).toBe(401)
  })

  it('is taken away with the password, and with it the session', async () => {
    const ada = await guarded()
    const as = { apiKey: ada.session }
    expect(await errorOf(callAs(node, as, disableTwoFactor, { password: 'wrong' }))).toMatchObject({
      code: 'proof_wrong',
    })
    const { session } = await dataOf(callAs(node, as, disableTwoFactor, { password: PASSWORD }), disableTwoFactor)
    expect((await sessionsOf(ada.session)).status).toBe(401)
    expect((await signIn(node, ada.email)).id).toBe(ada.id)
    expect(
      await errorOf(callAs(node, { apiKey: session.token ?? '' }, disableTwoFactor, { password: PASSWORD })),
    ).toMatchObject({ code: 'second_factor_missing' })
  })
})

describe('the database', () => {
  it('has no password, no token and no code that anybody could use', async () => {
    const ada = await newAda()
    const { totpUri, backupCodes } = await dataOf(
      callAs(node, { apiKey: ada.session }, enableTwoFactor, { password: PASSWORD }),
      enableTwoFactor,
    )
    await callAs(node, {}, signUp, { email: 'dumped@example.com', name: 'Dumped', password: 'password in a dump' })
    let text = ''
    const tables = await node.database.query<{ name: string }>(
      "select format('%I.%I', schemaname, tablename) as name from pg_tables where schemaname in ('public', 'pgboss')",
    )
    for (const { name } of tables)
      text += JSON.stringify(await node.database.query(`select to_jsonb(t)::text as row from ${name} t`))
    expect(text).toContain('dumped@example.com')
    const secret = new URL(totpUri).searchParams.get('secret') ?? 'none'
    for (const canary of [PASSWORD, 'password in a dump', ada.session, ada.session.slice(-43), secret, ...backupCodes])
      expect(text).not.toContain(canary)
  })
})

/** A second node on the same database: its own pools and caches. */
async function anotherNode(secrets: readonly [string, ...string[]]) {
  const db = openDatabase({ url: node.database.url, log: silentLog })
  const queue = createQueue({ url: node.database.url, signingKey: 'signing key of a test', log: silentLog })
  const transport = { send: () => Promise.resolve(), close: () => Promise.resolve() }
  const parts = { db, clock: systemClock, log: silentLog }
  const domains = composeDomains({
    ...parts,
    queue,
    rootKey: ROOT_KEY,
    publicUrl: 'http://127.0.0.1',
    accounts: { secrets, transport },
  })
  const caller = composeCaller({
    ...parts,
    identity: domains.identity,
    verbs: [...domains.verbs, ...node.engine.verbs, ...node.code.verbs],
  })
  return { caller, close: () => db.close() }
}
