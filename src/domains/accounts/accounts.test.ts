import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  changePassword,
  createSession,
  requestPasswordReset,
  resendVerification,
  resetPassword,
  signUp,
  verifyEmail,
} from '../../contract/accounts.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { statement } from '../../kernel/statement.ts'
import { startTestNode, type TestNode } from '../../../test/support/node.ts'
import {
  callAs,
  dataOf,
  errorOf,
  mailsTo,
  newPerson,
  nthMailTo,
  PASSWORD,
  signIn,
  tokenIn,
} from '../../../test/support/people.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

let node: TestNode
beforeAll(async () => {
  node = await startTestNode()
})
afterAll(() => node.close())

const address = (name: string): string => `${name}-${randomUUID().slice(0, 8)}@example.com`
const call = (operation: Parameters<typeof callAs>[2], input: object) => callAs(node, {}, operation, input)
const signUpAs = (email: string, more: object = {}) =>
  dataOf(call(signUp, { email, name: 'Ada', password: PASSWORD, ...more }), signUp)
const usersWith = (email: string) => node.database.query('select id from users where email = $1', [email])

describe('signing up', () => {
  it('makes an account that nobody can use until the address is confirmed', async () => {
    const email = address('new')
    expect(await signUpAs(email)).toEqual({ sent: true })
    expect(await errorOf(call(createSession, { email, password: PASSWORD }))).toMatchObject({
      code: 'email_unverified',
    })
    // Only whoever knows the password is told that there is such an account.
    expect(await errorOf(call(createSession, { email, password: 'another password' }))).toMatchObject({
      code: 'sign_in_failed',
    })
    await dataOf(call(verifyEmail, { token: tokenIn(await nthMailTo(node, email, 1)) }), verifyEmail)
    expect((await signIn(node, email)).session).toMatch(/^tn_session_/)
  })

  it('takes an address however it is written', async () => {
    const email = address('case')
    await newPerson(node, email)
    expect((await signIn(node, email.toUpperCase())).email).toBe(email.toUpperCase())
    expect(await usersWith(email)).toHaveLength(1)
  })

  it('answers the same for an address that has an account, and tells its owner alone', async () => {
    const email = address('taken')
    await newPerson(node, email, 'Owner')
    const answer = await call(signUp, { email, name: 'Stranger', password: 'password of a stranger' })
    const fresh = await call(signUp, { email: address('fresh'), name: 'Stranger', password: 'password of a stranger' })
    expect([answer.status, answer.envelope]).toEqual([fresh.status, fresh.envelope])
    const mail = await nthMailTo(node, email, 2)
    expect(mail.subject).toBe('You already have an account')
    expect(mail.text).toContain('Hello Owner,')
    expect(mail.text).not.toContain('token=')
    expect((await signIn(node, email)).id).toMatch(/^user_/)
    await expect(signIn(node, email, 'password of a stranger')).rejects.toThrow('sign_in_failed')
  })

  it('gives the account to the password whose mail was confirmed, whoever else has signed up with the address', async () => {
    const email = address('contested')
    await signUpAs(email, { password: 'password of the owner' })
    await signUpAs(email, { password: 'password of a stranger', name: 'Stranger' })
    await nthMailTo(node, email, 2)
    const [first, second] = mailsTo(node, email).map(tokenIn)
    await dataOf(call(verifyEmail, { token: first }), verifyEmail)
    expect((await signIn(node, email, 'password of the owner')).id).toMatch(/^user_/)
    // The other link is good for nothing any more.
    await dataOf(call(verifyEmail, { token: second }), verifyEmail)
    await expect(signIn(node, email, 'password of a stranger')).rejects.toThrow('sign_in_failed')
  })

  it('makes one account of 100 that come at once', async () => {
    const email = address('crowd')
    const verb = node.domains.accounts.verbs.find(({ operation }) => operation === signUp)
    const { clock, log } = { clock: { now: () => new Date() }, log: { info: () => {} } }
    const ctx = { clock, log, requestId: 'request-of-a-crowd' } as unknown as Ctx
    const input = { email, name: 'Crowd', password: PASSWORD }
    const answers = await Promise.all(Array.from({ length: 100 }, async () => verb?.run(ctx, input, undefined)))
    expect(new Set(answers.map((answer) => JSON.stringify(answer)))).toEqual(new Set(['{"sent":true}']))
    expect(await usersWith(email)).toHaveLength(1)
    expect(await node.database.query('select from mails where recipient = $1', [email])).toHaveLength(100)
    expect(
      await node.database.query('select from user_accounts a join users u on u.id = a.user_id where u.email = $1', [
        email,
      ]),
    ).toHaveLength(1)
    // The other tests need not wait for these mails.
    await node.database.query("delete from pgboss.job where name = 'mail.send' and state = 'created'")
    await node.database.query('delete from mails where recipient = $1', [email])
  }, 60_000)

  it('refuses what is no address and passwords of other lengths', async () => {
    const good = { email: address('bad'), name: 'Ada', password: PASSWORD }
    for (const bad of [
      { email: 'ada' },
      { email: 'ada@example.com, eve@example.com' },
      { email: 'ada@example.com\r\nBcc: eve@example.com' },
      { password: 'nine char' },
      { password: 'x'.repeat(129) },
      { name: 'Ada\r\nBcc: eve@example.com' },
      { name: '   ' },
    ])
      expect(await errorOf(call(signUp, { ...good, ...bad }))).toMatchObject({ code: 'validation_failed' })
    expect(await usersWith(good.email)).toEqual([])
  })

  it('leaves out of a greeting what would be a message to a stranger', async () => {
    const email = address('greeted')
    await signUpAs(email, { name: 'Win a prize at evil.example/<b>now</b>' })
    const { text, html } = await nthMailTo(node, email, 1)
    expect(text).toMatch(/^Hello,\r?\n/)
    expect(text + html).not.toContain('evil.example')
  })

  it('is limited for each account, from wherever it comes', async () => {
    const email = address('limited')
    const answers = []
    for (let n = 0; n < 12; n++) answers.push((await call(requestPasswordReset, { email })).status)
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 202), 429, 429])
  })
})

describe('the link of a mail', () => {
  it('works once, also for 20 that come at once', async () => {
    const email = address('once')
    await signUpAs(email)
    const token = tokenIn(await nthMailTo(node, email, 1))
    const answers = await Promise.all(Array.from({ length: 20 }, () => call(verifyEmail, { token })))
    expect(answers.filter(({ ok }) => ok)).toHaveLength(1)
    expect(await errorOf(call(verifyEmail, { token }))).toMatchObject({ code: 'mail_token_invalid' })
  })

  it('does not work after its time, for another purpose, or cut short', async () => {
    const email = address('expired')
    await signUpAs(email)
    await dataOf(call(requestPasswordReset, { email }), requestPasswordReset)
    await nthMailTo(node, email, 2)
    const [verification = '', reset = ''] = mailsTo(node, email).map(tokenIn)
    for (const token of [reset, verification.slice(1), `${verification}x`, 'x', '%00'])
      expect(await errorOf(call(verifyEmail, { token }))).toMatchObject({ code: 'mail_token_invalid' })
    expect(await errorOf(call(resetPassword, { token: verification, password: PASSWORD }))).toMatchObject({
      code: 'mail_token_invalid',
    })
    await node.database.query("update verifications set expires_at = clock_timestamp() - interval '1 second'")
    expect(await errorOf(call(verifyEmail, { token: verification }))).toMatchObject({ code: 'mail_token_invalid' })
    expect(await errorOf(call(resetPassword, { token: reset, password: PASSWORD }))).toMatchObject({
      code: 'mail_token_invalid',
    })
  })

  it('is sent again on request, and to nobody who has confirmed', async () => {
    const email = address('again')
    await signUpAs(email)
    await dataOf(call(resendVerification, { email }), resendVerification)
    await dataOf(call(verifyEmail, { token: tokenIn(await nthMailTo(node, email, 2)) }), verifyEmail)
    expect((await signIn(node, email)).id).toMatch(/^user_/)
    await dataOf(call(resendVerification, { email }), resendVerification)
    await waitFor(async () => (await queued()) === 0, 20_000)
    expect(mailsTo(node, email)).toHaveLength(2)
  })
})

const queued = async (): Promise<number> =>
  (await node.database.query("select from mails where state = 'queued'")).length

describe('a new password', () => {
  it('ends all sessions, confirms the address, and replaces the old one', async () => {
    const email = address('reset')
    const ada = await newPerson(node, email)
    const other = await signIn(node, email)
    await dataOf(call(requestPasswordReset, { email }), requestPasswordReset)
    const token = tokenIn(await nthMailTo(node, email, 2))
    await dataOf(call(resetPassword, { token, password: 'another password' }), resetPassword)
    for (const { session } of [ada, other])
      expect(await errorOf(callAs(node, { apiKey: session }, changePassword, changed()))).toMatchObject({
        code: 'invalid_api_key',
      })
    await expect(signIn(node, email)).rejects.toThrow('sign_in_failed')
    expect((await signIn(node, email, 'another password')).id).toBe(ada.id)
  })

  it('lets nobody in whose old one was checked just before', async () => {
    const email = address('overtaken')
    const ada = await newPerson(node, email)
    const lock = statement<object>('', 'lock table user_sessions in exclusive mode')
    const change = statement<{ user: string }>(
      '',
      `update user_accounts set password = reverse(password) where user_id = :user`,
    )
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%user_sessions%'"
    const trying = await node.database.db.cross('accounts', async (sql) => {
      await sql.run(lock, {})
      const late = call(createSession, { email, password: PASSWORD })
      await waitFor(async () => (await node.database.query(waiting)).length === 1, 10_000)
      await sql.run(change, { user: ada.id })
      return { late }
    })
    expect(await errorOf(trying.late)).toMatchObject({ code: 'sign_in_failed' })
    expect(await node.database.query('select from user_sessions where user_id = $1', [ada.id])).toHaveLength(1)
  })

  it('ends the links to another that were sent before, also when it was set by who knows the old one', async () => {
    const email = address('links')
    const ada = await newPerson(node, email)
    const links: string[] = []
    for (const n of [2, 3, 4]) {
      await dataOf(call(requestPasswordReset, { email }), requestPasswordReset)
      links.push(tokenIn(await nthMailTo(node, email, n)))
    }
    const [first = '', second = '', third = ''] = links
    await dataOf(callAs(node, { apiKey: ada.session }, changePassword, changed()), changePassword)
    const reset = (token: string) => call(resetPassword, { token, password: 'a password of who reads mails' })
    expect(await errorOf(reset(first))).toMatchObject({ code: 'mail_token_invalid' })
    await dataOf(call(requestPasswordReset, { email }), requestPasswordReset)
    const fresh = tokenIn(await nthMailTo(node, email, 5))
    const answers = await Promise.all([fresh, second, third].map(async (token) => (await reset(token)).status))
    expect(answers).toEqual([200, 400, 400])
    expect((await signIn(node, email, 'a password of who reads mails')).id).toBe(ada.id)
  })

  it('does the same work and gives the same answer where there is no account, and sends nothing', async () => {
    const email = address('nobody')
    const before = await rows()
    const answer = await call(requestPasswordReset, { email })
    expect([answer.status, answer.envelope]).toEqual([202, { data: { sent: true } }])
    expect(await rows()).toEqual({ verifications: before.verifications + 1, mails: before.mails + 1 })
    await waitFor(async () => (await queued()) === 0, 20_000)
    expect(mailsTo(node, email)).toEqual([])
  })

  it('is taken by whoever knows the old one, and gives a new session for all that there were', async () => {
    const email = address('change')
    const ada = await newPerson(node, email)
    const other = await signIn(node, email)
    const as = { apiKey: ada.session }
    expect(await errorOf(callAs(node, as, changePassword, { ...changed(), currentPassword: 'wrong' }))).toMatchObject({
      code: 'proof_wrong',
    })
    const { session } = await dataOf(callAs(node, as, changePassword, changed()), changePassword)
    expect(session.token).toMatch(/^tn_session_/)
    for (const old of [ada, other])
      expect((await callAs(node, { apiKey: old.session }, changePassword, changed())).status).toBe(401)
    const renewed = { apiKey: session.token ?? '' }
    expect(await errorOf(callAs(node, renewed, changePassword, changed()))).toMatchObject({ code: 'proof_wrong' })
    expect((await signIn(node, email, changed().newPassword)).id).toBe(ada.id)
  })
})

const changed = () => ({ currentPassword: PASSWORD, newPassword: 'a changed password' })

async function rows(): Promise<{ verifications: number; mails: number }> {
  const [counts] = await node.database.query<{ verifications: number; mails: number }>(
    'select (select count(*)::int from verifications) as verifications, (select count(*)::int from mails) as mails',
  )
  if (counts === undefined) throw new Error('nothing was counted')
  return counts
}

describe('what others ask about people', () => {
  it('finds who has confirmed an address, by it and by id', async () => {
    const { accounts } = node.domains
    const ada = await newPerson(node, address('asked'), 'Ada King')
    const pending = address('pending')
    await signUpAs(pending)
    expect(await accounts.userByEmail(ada.email.toUpperCase())).toMatchObject({ id: ada.id, name: 'Ada King' })
    expect(await accounts.userByEmail(pending)).toBeNull()
    const found = await accounts.findUsers([ada.id as never, 'user_00000000000000000000000000'])
    expect(found).toHaveLength(1)
    expect(found[0]).toMatchObject({ id: ada.id, email: ada.email, name: 'Ada King' })
    const all = await accounts.verifiedUsers('', 1_000)
    expect(all.map(({ id }) => id)).toContain(ada.id)
    expect(await accounts.verifiedUsers(all.at(-1)?.id ?? '')).toEqual([])
  })

  it('gives an address that an issuer has checked to whom it belongs, whoever has signed up with it here', async () => {
    const { accounts } = node.domains
    const email = address('squatted')
    await signUpAs(email)
    const link = tokenIn(await nthMailTo(node, email, 1))
    const id = newId('user')
    await accounts.createForeignUser({ id, email, name: 'Ada' })
    expect(await accounts.userByEmail(email)).toMatchObject({ id })
    await call(verifyEmail, { token: link })
    await expect(signIn(node, email)).rejects.toThrow('sign_in_failed')
    const another = newId('user')
    await accounts.createForeignUser({ id: another, email, name: 'Eve' })
    expect(await accounts.userByEmail(email)).toMatchObject({ id })
  })

  it('makes the account of a first start once, whatever its password was', async () => {
    const { accounts } = node.domains
    const demo = { email: address('demo'), password: 'password of a demo', name: 'Demo' }
    const id = await accounts.createVerifiedUser(demo)
    expect(await accounts.createVerifiedUser({ ...demo, password: 'its next password' })).toBe(id)
    expect((await signIn(node, demo.email, 'its next password')).id).toBe(id)
  })
})

describe('house-keeping', () => {
  it('removes what has ended and addresses that nobody has confirmed for a week', async () => {
    const [kept, gone] = [address('kept'), address('gone')]
    const ada = await newPerson(node, kept)
    await signUpAs(gone)
    await node.database.query(
      "update users set created_at = now() - interval '8 days', updated_at = now() - interval '8 days'",
    )
    await node.database.query("update user_sessions set expires_at = now() - interval '2 hours'")
    await node.database.query("update verifications set expires_at = now() - interval '2 hours'")
    for (const task of node.domains.accounts.tasks) await task()
    expect([await usersWith(kept), await usersWith(gone)]).toEqual([[{ id: ada.id }], []])
    expect(await node.database.query('select from user_sessions union all select from verifications')).toEqual([])
  })
})
