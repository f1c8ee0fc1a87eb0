import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { listAudit } from '../../contract/audit.ts'
import { createApiKey, createOrganization, getMe, listApiKeys, rotateApiKey } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { getLimits } from '../../contract/limits.ts'
import {
  createInvitation,
  leaveOrganization,
  listInvitations,
  listMembers,
  removeMember,
  updateMember,
} from '../../contract/members.ts'
import type { Role } from '../../contract/roles.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { composeDomains } from '../../app/compose-domains.ts'
import { systemClock } from '../../kernel/clock.ts'
import { createCaller, type Outcome } from '../../kernel/run-operation.ts'
import { addMember } from '../../../test/support/add-member.ts'
import { silentLog } from '../../../test/support/database.ts'
import {
  AUTH_SECRETS,
  ROOT_KEY,
  startTestNode,
  testOrg,
  type TestNode,
  type TestOrg,
} from '../../../test/support/node.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { callAs, newPerson, type TestPerson } from '../../../test/support/person.ts'
import { findOrg } from '../identity/index.ts'
import { createRateLimiter } from '../limits/index.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { updateRole } from './members.sql.ts'

let node: TestNode
let org: TestOrg
let owner: TestPerson
let admin: TestPerson
let member: TestPerson
let stranger: TestPerson
let made = 0

beforeAll(async () => {
  node = await startTestNode()
  owner = await newPerson(node, 'olive')
  admin = await newPerson(node, 'adam')
  member = await newPerson(node, 'mia')
  stranger = await newPerson(node, 'stan')
}, 60_000)
afterAll(() => node.close())

beforeEach(async () => {
  const slug = `members-${++made}`
  org = await node.onboard(slug)
  owner = owner.in(slug)
  admin = admin.in(slug)
  member = member.in(slug)
  stranger = stranger.in(slug)
  await join(owner, 'owner')
  await join(admin, 'admin')
  await join(member, 'member')
})

async function join({ id }: TestPerson, role: Role, slug = org.slug): Promise<void> {
  await addMember(node.database, slug, { id, role })
}

const rolesOf = async (): Promise<Record<string, Role>> =>
  Object.fromEntries((await org.call(listMembers, {})).map(({ name, role }) => [name ?? '', role]))
const seats = async (): Promise<number> => (await org.call(getLimits, {})).used.seats

describe('the list of members', () => {
  it('shows people with name, address and role, oldest membership first, in pages', async () => {
    expect(await member.call(listMembers, {})).toMatchObject([
      { id: owner.id, name: 'olive', email: 'olive@example.com', role: 'owner', invitedBy: null },
      { name: 'adam', role: 'admin' },
      { name: 'mia', role: 'member' },
    ])
    const names: (string | null)[] = []
    for (let cursor: string | undefined; ;) {
      const page = await member.envelope(listMembers, { limit: 1, ...(cursor === undefined ? {} : { cursor }) })
      names.push(...page.data.map(({ name }) => name))
      const next = page.meta?.pagination.nextCursor ?? null
      if (next === null) break
      cursor = next
    }
    expect(names).toEqual(['olive', 'adam', 'mia'])
  })

  it('is not there for somebody who does not belong', async () => {
    expect(await stranger.error(listMembers, {})).toMatchObject({ code: 'not_found' })
  })
})

describe('a role', () => {
  it('is changed, is in force with the next call, and is audited', async () => {
    expect(await member.error(createInvitation, { email: 'a@example.com' })).toMatchObject({ code: 'forbidden' })
    expect(await owner.call(updateMember, { member: member.id, role: 'admin' })).toMatchObject({
      id: member.id,
      name: 'mia',
      role: 'admin',
    })
    await member.call(createInvitation, { email: 'a@example.com' })
    const [, entry] = await owner.call(listAudit, { limit: 2 })
    expect(entry).toMatchObject({
      action: 'members.update',
      actor: owner.id,
      resources: { member: member.id },
      details: { role: 'admin', was: 'member' },
    })
  })

  it('is given by nobody who may do less, and of nobody who may do more', async () => {
    expect(await admin.error(updateMember, { member: member.id, role: 'owner' })).toMatchObject({
      code: 'forbidden',
      details: { role: 'owner' },
    })
    expect(await admin.error(updateMember, { member: owner.id, role: 'viewer' })).toMatchObject({ code: 'forbidden' })
    expect(await admin.error(updateMember, { member: admin.id, role: 'owner' })).toMatchObject({ code: 'forbidden' })
    expect(await admin.error(removeMember, { member: owner.id })).toMatchObject({ code: 'forbidden' })
    expect(await admin.error(createInvitation, { email: 'a@example.com', role: 'owner' })).toMatchObject({
      code: 'forbidden',
    })
    expect(await rolesOf()).toEqual({ olive: 'owner', adam: 'admin', mia: 'member' })
    await admin.call(updateMember, { member: member.id, role: 'admin' })
  })

  it('can be changed by a key that has the scopes, and by none that has fewer', async () => {
    const scopes = ALL_SCOPES.filter((scope) => scope !== 'billing:write')
    const weaker = testOrg(
      node.caller,
      org.slug,
      (await org.call(createApiKey, { name: 'weaker', scopes: [...scopes] })).secret,
    )
    expect(await weaker.error(updateMember, { member: owner.id, role: 'admin' })).toMatchObject({
      code: 'forbidden',
      details: { scope: 'billing:write' },
    })
    expect(await org.call(updateMember, { member: member.id, role: 'owner' })).toMatchObject({ role: 'owner' })
    expect(await weaker.call(updateMember, { member: admin.id, role: 'viewer' })).toMatchObject({ role: 'viewer' })
  })

  it('that may not give a role any more takes the invitations to it along', async () => {
    await org.call(updateMember, { member: admin.id, role: 'owner' })
    await admin.call(createInvitation, { email: 'high@example.com', role: 'owner' })
    await admin.call(createInvitation, { email: 'low@example.com', role: 'viewer' })
    expect(await seats()).toBe(5)
    await owner.call(updateMember, { member: admin.id, role: 'admin' })
    const statuses = (await owner.call(listInvitations, {})).map(({ email, status }) => [email, status])
    expect(Object.fromEntries(statuses)).toEqual({ 'high@example.com': 'revoked', 'low@example.com': 'open' })
    expect(await seats()).toBe(4)
  })
})

describe('a member who is removed', () => {
  it('is refused with the next call, and their seat and open invitations end with them', async () => {
    await admin.call(createInvitation, { email: 'second-account@example.com', role: 'admin' })
    expect(await seats()).toBe(4)
    expect(await owner.call(removeMember, { member: admin.id })).toMatchObject({
      id: admin.id,
      name: 'adam',
      role: 'admin',
      revokedInvitations: 1,
    })
    expect(await admin.error(listMembers, {})).toMatchObject({ code: 'not_found' })
    expect(await seats()).toBe(2)
    expect(await owner.call(listInvitations, {})).toMatchObject([{ status: 'revoked' }])
    expect(await owner.error(removeMember, { member: admin.id })).toMatchObject({ code: 'not_found' })
  })

  it('is refused on every node', async () => {
    const other = secondNode()
    expect((await other(member)).ok).toBe(true)
    await owner.call(removeMember, { member: member.id })
    expect(await other(member)).toMatchObject({ ok: false, code: 'not_found' })
  })

  it('can leave by themselves, whatever their role', async () => {
    await owner.call(updateMember, { member: member.id, role: 'viewer' })
    expect(await member.call(leaveOrganization, {})).toMatchObject({ id: member.id, role: 'viewer' })
    expect(await member.error(listMembers, {})).toMatchObject({ code: 'not_found' })
    expect(await org.error(leaveOrganization, {})).toMatchObject({ code: 'forbidden', details: { needs: 'session' } })
  })

  it('who is a member of another organisation is not found in this one', async () => {
    const elsewhere = await node.onboard(`elsewhere-${made}`)
    await join(stranger, 'member', elsewhere.slug)
    for (const of of [stranger.id, 'user_00000000000000000000000000', 'x'])
      for (const attempt of [
        owner.error(removeMember, { member: of }),
        owner.error(updateMember, { member: of, role: 'viewer' }),
        org.error(removeMember, { member: of }),
      ])
        expect(await attempt).toMatchObject({ code: 'not_found' })
    expect(await elsewhere.call(listMembers, {})).toHaveLength(1)
  })
})

describe('the last owner', () => {
  it('can not be removed, lowered, or leave', async () => {
    const code = 'last_owner'
    expect(await owner.error(updateMember, { member: owner.id, role: 'admin' })).toMatchObject({ code })
    expect(await owner.error(removeMember, { member: owner.id })).toMatchObject({ code })
    expect(await owner.error(leaveOrganization, {})).toMatchObject({ code })
    expect(await org.error(removeMember, { member: owner.id })).toMatchObject({ code })
    expect(await owner.call(updateMember, { member: owner.id, role: 'owner' })).toMatchObject({ role: 'owner' })
    expect(await seats()).toBe(3)
  })

  it('stays when all owners remove each other at the same moment', async () => {
    for (let round = 0; round < 10; round++) {
      await org.call(updateMember, { member: admin.id, role: 'owner' })
      await org.call(updateMember, { member: member.id, role: 'owner' })
      const outcomes = await Promise.all([
        owner.outcome(updateMember, { member: admin.id, role: 'viewer' }),
        admin.outcome(updateMember, { member: member.id, role: 'viewer' }),
        member.outcome(updateMember, { member: owner.id, role: 'viewer' }),
        owner.outcome(updateMember, { member: owner.id, role: 'viewer' }),
        admin.outcome(updateMember, { member: admin.id, role: 'viewer' }),
      ])
      for (const outcome of outcomes)
        expect(['done', 'forbidden', 'last_owner']).toContain(outcome.ok ? 'done' : outcome.code)
      const owners = Object.values(await rolesOf()).filter((role) => role === 'owner')
      expect(owners.length).toBeGreaterThan(0)
      await node.database.query(`update members set role = 'owner' where user_id = $1`, [owner.id])
    }
  })

  it('stays when two owners leave at the same moment', async () => {
    await org.call(updateMember, { member: admin.id, role: 'owner' })
    const outcomes = await Promise.all([owner.outcome(leaveOrganization, {}), admin.outcome(leaveOrganization, {})])
    expect(outcomes.map((outcome) => (outcome.ok ? 'done' : outcome.code)).toSorted()).toEqual(['done', 'last_owner'])
    expect(await seats()).toBe(2)
  })
})

describe('a person who makes an organisation', () => {
  it('is its owner, and takes a seat', async () => {
    const slug = `founded-${made}`
    await stranger.call(createOrganization, { slug, name: 'Founded' })
    const founder = stranger.in(slug)
    expect(await founder.call(listMembers, {})).toMatchObject([{ id: stranger.id, role: 'owner', invitedBy: null }])
    expect((await founder.call(getLimits, {})).used.seats).toBe(1)
    expect(await founder.call(getMe, {})).toMatchObject({ role: 'owner', org: { slug } })
  })

  it('is that once, also when the step is run again after a crash, and no more when it is undone', async () => {
    const { id: orgId, createdAt } = await ownOrg(org)
    const step = node.domains.members.ownerStep()
    const asked = { slug: org.slug, name: 'x', plan: 'team', requestId: 'r', address: '192.0.2.1' } as const
    const hold = async (): Promise<void> => {}
    const { signal } = new AbortController()
    await node.database.query('delete from members where org_id = $1', [orgId])
    await node.database.query("update org_usage set used = 0 where org_id = $1 and quota = 'seats'", [orgId])
    for (let n = 0; n < 2; n++)
      await step.run({ ...asked, id: orgId, owner: stranger.id, createdAt: new Date(createdAt) }, hold, signal)
    expect(await rolesOf()).toEqual({ stan: 'owner' })
    expect(await seats()).toBe(1)
    for (let n = 0; n < 2; n++) await step.undo(orgId, hold, signal)
    expect(await rolesOf()).toEqual({})
    expect(await seats()).toBe(0)
  })

  it('makes keys of it with what their role may do, as it is now', async () => {
    const key = await admin.call(createApiKey, { name: 'by an admin' })
    expect(key.scopes).not.toContain('billing:write')
    expect(await admin.error(createApiKey, { name: 'x', scopes: ['billing:write'] })).toMatchObject({
      code: 'forbidden',
      details: { scope: 'billing:write' },
    })
    expect(await admin.call(listApiKeys, {})).toMatchObject([{ name: 'by an admin' }, { name: 'first key' }])
  })

  it('makes and renews none when their role was lowered since the call was let in', async () => {
    const { id: key } = await admin.call(createApiKey, { name: 'to be renewed', scopes: ['runs:read'] })
    const [row] = await node.database.query<{ id: OrgId }>('select org_id as id from organizations where slug = $1', [
      org.slug,
    ])
    const lowering = Promise.withResolvers<void>()
    const lowered = node.database.db.tenant(row?.id ?? 'org_none').write(async (sql) => {
      await sql.run(updateRole, { org: row?.id ?? 'org_none', user: admin.id, role: 'viewer' })
      await lowering.promise
    })
    const calls = [
      admin.error(createApiKey, { name: 'late', scopes: ['runs:read'] }),
      admin.error(rotateApiKey, { key }),
    ]
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and query like '%for share%'"
    await waitFor(async () => (await node.database.query(waiting)).length === calls.length, 5_000)
    lowering.resolve()
    await lowered
    for (const refused of await Promise.all(calls))
      expect(refused).toMatchObject({ code: 'forbidden', details: { scope: 'api-keys:write' } })
  })
})

/** On another node on the same database, which hears of nothing but by it. */
function secondNode(): (person: TestPerson) => Promise<Outcome> {
  const { db } = node.database
  const parts = { db, clock: systemClock, log: silentLog }
  const domains = composeDomains({
    ...parts,
    queue: node.queue,
    rootKey: ROOT_KEY,
    publicUrl: 'http://127.0.0.1',
    accounts: { secrets: AUTH_SECRETS, transport: { send: async () => {}, close: async () => {} } },
  })
  const caller = createCaller({
    ...parts,
    verbs: domains.verbs,
    authenticate: domains.identity.authenticate,
    limiter: createRateLimiter(db),
    findOrg: (named) => findOrg(db, named),
    tenant: db.tenant,
  })
  return (person) => callAs({ caller }, { credentials: { apiKey: person.session } }, listMembers, { org: org.slug })
}
