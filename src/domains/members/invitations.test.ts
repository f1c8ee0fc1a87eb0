import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '../../contract/audit.ts'
import { setLimits, getLimits } from '../../contract/limits.ts'
import { createApiKey } from '../../contract/identity.ts'
import {
  acceptInvitation,
  createInvitation,
  listInvitations,
  listMembers,
  resendInvitation,
  revokeInvitation,
} from '../../contract/members.ts'
import { repairCounts } from '../../app/housekeeping.ts'
import type { Clock } from '../../kernel/ctx.ts'
import { silentLog } from '../../../test/support/database.ts'
import { ROOT_KEY, startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { callAs, mailsTo, newPerson, tokenTo, type TestPerson } from '../../../test/support/person.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const DAY_MS = 86_400_000
let ahead = 0
const clock: Clock = { now: () => new Date(Date.now() + ahead) }
let node: TestNode
let org: TestOrg
let ada: TestPerson
let bob: TestPerson
let made = 0

beforeAll(async () => {
  node = await startTestNode({ clock })
  ada = await newPerson(node, 'ada', 'Ada@Example.com')
  bob = await newPerson(node, 'bob')
}, 60_000)
afterAll(() => node.close())
beforeEach(async () => {
  ahead = 0
  org = await node.onboard(`invites-${++made}`)
})

const INVALID = { code: 'invitation_invalid' }
const seats = async (of = org): Promise<number> => (await of.call(getLimits, {})).used.seats

/** Invites, and answers the token of the mail. */
async function invite(email: string, role: 'admin' | 'member' = 'member', of = org) {
  const { id } = await of.call(createInvitation, { email, role })
  return { id, token: await newestToken(email, of.slug) }
}

const tokensTo = (email: string, slug: string): string[] =>
  mailsTo(node, email).flatMap((mail) =>
    mail.includes(`organisation ${slug} `) ? (/\/invitations\?token=(tn_invite_[\w-]{43})/.exec(mail)?.[1] ?? []) : [],
  )

async function newestToken(email: string, slug: string, count = 1): Promise<string> {
  await waitFor(async () => tokensTo(email, slug).length >= count, 20_000)
  return tokensTo(email, slug).at(-1) ?? ''
}

describe('an invitation', () => {
  it('makes its addressee a member, once, and the seat goes from the one to the other', async () => {
    const { id, token } = await invite('ADA@example.com', 'admin')
    expect(await seats()).toBe(1)
    expect(await ada.call(acceptInvitation, { token })).toEqual({
      org: { id: expect.stringMatching(/^org_/) as unknown, slug: org.slug, name: org.slug },
      role: 'admin',
    })
    expect(await seats()).toBe(1)
    expect(await ada.in(org.slug).call(listMembers, {})).toMatchObject([{ id: ada.id, role: 'admin' }])
    expect(await org.call(listInvitations, {})).toMatchObject([
      { id, email: 'ada@example.com', status: 'accepted', acceptedBy: ada.id },
    ])
    expect(await ada.error(acceptInvitation, { token })).toMatchObject({ ...INVALID, details: { reason: 'used' } })
    const [entry] = await org.call(listAudit, { limit: 1 })
    expect(entry).toMatchObject({
      action: 'invitations.accept',
      actor: ada.id,
      resources: { invitation: id, member: ada.id },
      details: { role: 'admin' },
    })
  })

  it('is nothing to anybody else, as little as a token that nobody has', async () => {
    const { token } = await invite('ada@example.com')
    const others = [token, `tn_invite_${'A'.repeat(43)}`, `${token}x`, 'x', ` ${token.slice(0, -1)}`]
    for (const given of others) {
      const error = await bob.error(acceptInvitation, { token: given })
      expect(error).toMatchObject(INVALID)
      expect(error.details).toBeUndefined()
    }
    const asKey = await callAs(node, { credentials: { apiKey: org.apiKey } }, acceptInvitation, { token })
    expect(asKey).toMatchObject({ ok: false, code: 'forbidden' })
    await ada.call(acceptInvitation, { token })
  })

  it('makes one member of ten who accept at the same moment', async () => {
    const { token } = await invite('ada@example.com')
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => ada.outcome(acceptInvitation, { token })))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(1)
    expect(outcomes.filter((outcome) => !outcome.ok && outcome.code === 'invitation_invalid')).toHaveLength(9)
    expect(await org.call(listMembers, {})).toHaveLength(1)
    expect(await seats()).toBe(1)
  })

  it('ends after a week, and its seat is given back', async () => {
    const { token } = await invite('ada@example.com')
    ahead = 7 * DAY_MS
    expect(await ada.error(acceptInvitation, { token })).toMatchObject({ ...INVALID, details: { reason: 'expired' } })
    expect(await org.call(listInvitations, {})).toMatchObject([{ status: 'expired' }])
    for (const task of node.domains.members.tasks) await task()
    expect(await seats()).toBe(0)
    for (const task of node.domains.members.tasks) await task()
    expect(await seats()).toBe(0)
  })

  it('can be made anew when that of before has expired', async () => {
    await org.call(createInvitation, { email: 'ada@example.com' })
    ahead = 8 * DAY_MS
    await org.call(createInvitation, { email: 'ada@example.com' })
    expect(await seats()).toBe(1)
  })

  it('is one for each address, however that is written', async () => {
    const { id } = await org.call(createInvitation, { email: 'ada@example.com' })
    expect(await org.error(createInvitation, { email: 'Ada@EXAMPLE.com' })).toMatchObject({
      code: 'invitation_exists',
      details: { invitation: id },
    })
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () =>
        org.call(createInvitation, { email: 'many@example.com' }).then(
          () => 'made',
          (error: Error) => error.message,
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'made')).toHaveLength(1)
    expect(await seats()).toBe(2)
  })

  it('is not sent to who is a member already', async () => {
    const { token } = await invite('ada@example.com')
    await ada.call(acceptInvitation, { token })
    expect(await org.error(createInvitation, { email: 'ada@example.com' })).toMatchObject({
      code: 'member_exists',
      details: { member: ada.id },
    })
  })

  it('opens nothing when it was revoked', async () => {
    const { id, token } = await invite('ada@example.com')
    expect(await org.call(revokeInvitation, { invitation: id })).toMatchObject({ status: 'revoked' })
    expect(await org.call(revokeInvitation, { invitation: id })).toMatchObject({ status: 'revoked' })
    expect(await seats()).toBe(0)
    expect(await ada.error(acceptInvitation, { token })).toMatchObject({ ...INVALID, details: { reason: 'revoked' } })
    expect(await org.error(resendInvitation, { invitation: id })).toMatchObject({ code: 'invitation_ended' })
  })

  it('is either accepted or revoked when both come at the same moment', async () => {
    for (let round = 0; round < 5; round++) {
      const of = await node.onboard(`either-${++made}`)
      const { id, token } = await invite('ada@example.com', 'member', of)
      const [accepted, revoked] = await Promise.all([
        ada.outcome(acceptInvitation, { token }),
        of.call(revokeInvitation, { invitation: id }).then(
          () => true,
          () => false,
        ),
      ])
      expect(accepted.ok).toBe(!revoked)
      expect(await seats(of)).toBe(accepted.ok ? 1 : 0)
    }
  })

  it('that is sent again has a new token and a new end, and the old token is nothing', async () => {
    const { id, token } = await invite('ada@example.com')
    ahead = 9 * DAY_MS
    for (const task of node.domains.members.tasks) await task()
    expect(await seats()).toBe(0)
    expect(await org.call(resendInvitation, { invitation: id })).toMatchObject({ id, status: 'open' })
    expect(await seats()).toBe(1)
    const second = await newestToken('ada@example.com', org.slug, 2)
    expect(second).not.toBe(token)
    expect(await ada.error(acceptInvitation, { token })).toMatchObject(INVALID)
    await ada.call(acceptInvitation, { token: second })
    expect(await org.error(resendInvitation, { invitation: id })).toMatchObject({ code: 'invitation_ended' })
    expect(await org.error(revokeInvitation, { invitation: id })).toMatchObject({ code: 'invitation_ended' })
  })

  it('tells nobody its token but by mail', async () => {
    const { token } = await invite('ada@example.com')
    const rows = await node.database.query<{ row: string }>(
      `select to_jsonb(i)::text as row from invitations i union all select entry from audit_entries
       union all select convert_from(answer, 'UTF8') from idempotency_records where answer is not null`,
    )
    const answers = JSON.stringify(await org.call(listInvitations, {}))
    expect(rows.map(({ row }) => row).join() + answers).not.toContain(token.slice(10))
    // Nor does the trail, which can not be changed, keep an address.
    const entries = await org.call(listAudit, {})
    expect(JSON.stringify(entries)).not.toContain('example.com')
  })

  it('of another organisation is not found', async () => {
    const { id } = await org.call(createInvitation, { email: 'ada@example.com' })
    const other = await node.onboard(`other-${made}`)
    for (const operation of [revokeInvitation, resendInvitation])
      expect(await other.error(operation, { invitation: id })).toMatchObject({ code: 'not_found' })
    expect(await other.call(listInvitations, {})).toEqual([])
  })

  it('needs a key with members:write, and an address', async () => {
    const weak = await org.call(createApiKey, { name: 'weak', scopes: ['members:read'] })
    expect(
      await testOrg(node.caller, org.slug, weak.secret).error(createInvitation, { email: 'a@example.com' }),
    ).toMatchObject({ code: 'forbidden', details: { scope: 'members:write' } })
    expect(await org.error(createInvitation, { email: 'no address' })).toMatchObject({ code: 'validation_failed' })
  })

  it('is one when the call is repeated with its Idempotency-Key', async () => {
    const email = `repeated-${made}@example.com`
    const ask = () =>
      callAs(node, { credentials: { apiKey: org.apiKey }, idempotencyKey: 'once' }, createInvitation, {
        org: org.slug,
        email,
      })
    const [first, second] = [await ask(), await ask()]
    expect(second).toMatchObject({ ok: true, replayed: true, envelope: first.envelope })
    await newestToken(email, org.slug)
    expect(tokensTo(email, org.slug)).toHaveLength(1)
    expect(await seats()).toBe(1)
  })

  it('of a closed organisation opens nothing', async () => {
    const { token } = await invite('bob@example.com')
    await node.database.query('update organizations set closed_at = now() where slug = $1', [org.slug])
    expect(await bob.error(acceptInvitation, { token })).toMatchObject({ ...INVALID, details: { reason: 'closed' } })
  })
})

describe('seats', () => {
  const limit = (of: TestOrg, count: number) =>
    callAs(node, { credentials: { rootKey: ROOT_KEY } }, setLimits, { org: of.slug, seats: count })

  it('are not more than the plan has, however many invite at once', async () => {
    await limit(org, 3)
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, n) =>
        org.call(createInvitation, { email: `many-${n}@example.com` }).then(
          () => 'made',
          (error: Error) => (JSON.parse(error.message) as { error: { code: string } }).error.code,
        ),
      ),
    )
    expect(outcomes.filter((outcome) => outcome === 'made')).toHaveLength(3)
    expect(outcomes.filter((outcome) => outcome === 'quota_exceeded')).toHaveLength(7)
    expect(await org.error(createInvitation, { email: 'one-more@example.com' })).toMatchObject({
      code: 'quota_exceeded',
      details: { quota: 'seats', limit: 3 },
    })
  })

  it('that are fewer than what is in use stop invitations and nothing else', async () => {
    const { token } = await invite('ada@example.com')
    await limit(org, 0)
    await ada.call(acceptInvitation, { token })
    expect(await ada.in(org.slug).call(listMembers, {})).toHaveLength(1)
    expect(await org.error(createInvitation, { email: 'b@example.com' })).toMatchObject({ code: 'quota_exceeded' })
  })

  it('are counted anew by the house-keeping when a hand has changed them', async () => {
    await org.call(createInvitation, { email: 'ada@example.com' })
    await node.database.query("update org_usage set used = 7 where quota = 'seats'")
    await repairCounts(node.database.db, silentLog, new AbortController().signal)
    expect(await seats()).toBe(1)
  })
})

describe('people without an organisation', () => {
  it('are those who have an account for so long and belong nowhere', async () => {
    const lonely = await newPerson(node, 'lonely')
    const { token } = await invite('ada@example.com')
    await ada.call(acceptInvitation, { token })
    const found = async (minutes: number): Promise<string[]> => {
      const ids: string[] = []
      for await (const id of node.domains.members.usersWithoutOrg(minutes)) ids.push(id)
      return ids
    }
    expect(await found(0)).toContain(lonely.id)
    expect(await found(0)).not.toContain(ada.id)
    expect(await found(10)).not.toContain(lonely.id)
    ahead = 11 * 60_000
    expect(await found(10)).toContain(lonely.id)
  })
})

it('the mail says who invites to what', async () => {
  const { token } = await invite('ada@example.com', 'admin')
  await ada.call(acceptInvitation, { token })
  await ada.in(org.slug).call(createInvitation, { email: 'new@example.com' })
  await tokenTo(node, 'new@example.com', 'invitations')
  const [mail = ''] = mailsTo(node, 'new@example.com')
  expect(mail).toContain(`ada@example.com invites you to the organisation ${org.slug} as member`)
})
