import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../../test/support/database.ts'
import { waitFor } from '../../../../test/support/wait-for.ts'
import { createOrganization, onboardOrganization } from '../../../contract/identity.ts'
import type { UserId } from '../../../contract/ids.ts'
import type { DataOf } from '../../../contract/operation.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { armFailpoint } from '../../../kernel/failpoint.ts'
import { newId } from '../../../kernel/ids.ts'
import { createCaller, type Outcome } from '../../../kernel/run-operation.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { createIdentity, type Identity, type Leftovers, type OnboardingStep, type PersonCredential } from '../index.ts'

const ROOT_KEY = 'root-key-of-a-test'
/** Of a step that hangs; the others have to be done well within it, on a busy machine too. */
const STEP_MS = 1_500
let test: TestDatabase
/** What steps beyond this database have done and undone. */
let done: string[]
let told: string[]
let fail: { run?: 'throws' | 'hangs'; undo?: 'throws' | 'hangs' }

beforeAll(async () => {
  test = await createTestDatabase()
})
beforeEach(() => {
  done = []
  told = []
  fail = {}
})
afterAll(() => test.close())

const happen = async (how: 'throws' | 'hangs' | undefined, signal: AbortSignal): Promise<void> => {
  if (how === 'throws') throw new TenonError('unavailable')
  if (how === 'hangs') await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
}
/** Like an owner in this database, then a customer in another system. */
const owner: OnboardingStep = {
  name: 'owner',
  run: async ({ owner: person }) => void done.push(`owner ${person ?? 'nobody'}`),
  undo: async () => void done.push('owner undone'),
}
const customer: OnboardingStep = {
  name: 'customer',
  run: async ({ slug }, _, signal) => {
    await happen(fail.run, signal)
    done.push(`customer ${slug}`)
  },
  undo: async (_, __, signal) => {
    await happen(fail.undo, signal)
    done.push('customer undone')
  },
}
/** Sessions of people, as those who keep them would look them up. */
const people: PersonCredential = {
  looksLike: (credential) => credential.startsWith('session of '),
  authenticate: async (credential) => {
    const id = credential.slice('session of '.length) as UserId
    const actor = { kind: 'user', id, session: 'session_1', role: null } as const
    return { principal: { actor, org: null, scopes: [] }, state: 'valid' }
  },
}
const leftovers: Leftovers = {
  stuck: async (what, { step, tries }) => void told.push(`${what} stuck at ${step} after ${tries}`),
  settled: async (what) => void told.push(`${what} settled`),
}

interface Maker {
  readonly identity: Identity
  create(person: UserId, slug: string, key?: string): Promise<Outcome>
  onboard(slug: string, key?: string): Promise<Outcome>
}

function maker(more: { readonly stepMs?: number } = {}): Maker {
  const onboarding = [owner, customer]
  const parts = { db: test.db, rootKey: ROOT_KEY, clock: systemClock, log: silentLog }
  const identity = createIdentity({ ...parts, onboarding, leftovers, people: [people], ...more })
  const caller = createCaller({
    verbs: identity.verbs,
    authenticate: identity.authenticate,
    limiter: { take: async () => null },
    findOrg: async () => null,
    tenant: test.db.tenant,
    log: silentLog,
    clock: systemClock,
  })
  const common = { requestId: 'request-of-a-test', signal: new AbortController().signal, address: '192.0.2.1' }
  return {
    identity,
    create: (person, slug, idempotencyKey) =>
      caller.call(createOrganization, {
        ...common,
        credentials: { session: `session of ${person}` },
        input: { params: {}, query: {}, body: { slug, name: slug } },
        idempotencyKey,
      }),
    onboard: (slug, idempotencyKey) =>
      caller.call(onboardOrganization, {
        ...common,
        credentials: { rootKey: ROOT_KEY },
        input: { params: {}, query: {}, body: { slug, name: slug } },
        idempotencyKey,
      }),
  }
}

const rowsOf = async (slug: string) => {
  const [row] = await test.query<{ orgs: number; keys: number; limits: number; audits: number }>(
    `select count(distinct o.org_id)::int as orgs, count(distinct k.id)::int as keys,
       count(distinct l.org_id)::int as limits, count(distinct a.seq)::int as audits
     from organizations o left join api_keys k using (org_id) left join org_limits l using (org_id)
     left join audit_entries a using (org_id) where slug = $1`,
    [slug],
  )
  return row
}
const journalOf = (slug: string) =>
  test.query<{ state: string; tries: number }>('select state, tries from onboardings where slug = $1', [slug])
const later = (slug: string) =>
  test.query("update onboardings set lease_until = now() - interval '1 hour' where slug = $1", [slug])

describe('a person who has signed in', () => {
  it('makes an organisation of their own, on the plan that costs nothing, with a key that works', async () => {
    const { create, identity } = maker()
    const person = newId('user')
    const outcome = await create(person, 'of-a-person')
    expect(outcome).toMatchObject({ ok: true, status: 201, envelope: { data: { plan: 'free' } } })
    const { apiKey } = (outcome.envelope as { data: DataOf<typeof createOrganization> }).data
    expect((await identity.authenticate('key', apiKey.secret))?.principal.org?.slug).toBe('of-a-person')
    expect(done).toEqual([`owner ${person}`, 'customer of-a-person'])
    const [entry] = await test.query<{ entry: string }>(
      'select entry from audit_entries join organizations using (org_id) where slug = $1',
      ['of-a-person'],
    )
    expect(entry?.entry).toContain('organizations.create')
    expect(entry?.entry).toContain(person)
  })

  it('has idempotency keys of their own: the same key of another, or of the operator, is another', async () => {
    const { create, onboard } = maker()
    const [one, two] = [newId('user'), newId('user')]
    const first = await create(one, 'key-one', 'same')
    expect(await create(one, 'key-one', 'same')).toMatchObject({
      ok: true,
      replayed: true,
      envelope: first.envelope,
    })
    expect(await create(two, 'key-two', 'same')).toMatchObject({ ok: true, replayed: false })
    expect(await onboard('key-three', 'same')).toMatchObject({ ok: true, replayed: false })
    expect(await create(one, 'key-other', 'same')).toMatchObject({ code: 'idempotency_key_reused' })
    // Nobody writes a key that reads like that of a person.
    expect(await onboard('key-one', `${one} same`)).toMatchObject({ code: 'validation_failed' })
  })

  it('goes on with the same organisation where a process has ended', async () => {
    const { create } = maker()
    const person = newId('user')
    let passes = 0
    const disarm = armFailpoint('onboarding.stepped', () => ((passes += 1) === 3 ? new Promise(() => {}) : null))
    void create(person, 'killed', 'k')
    await waitFor(async () => passes === 3, 10_000)
    expect(await create(person, 'killed', 'k')).toMatchObject({ code: 'idempotency_in_progress' })
    disarm()
    await later('killed')
    expect(await create(person, 'killed', 'k')).toMatchObject({ ok: true })
    expect(await rowsOf('killed')).toEqual({ orgs: 1, keys: 1, limits: 1, audits: 1 })
  })

  it('makes no more than ten in a day, however many calls at once', async () => {
    const { create } = maker()
    const person = newId('user')
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, n) => create(person, `many-${n}`)))
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(10)
    const refused = outcomes.filter(({ ok }) => !ok)
    for (const outcome of refused)
      expect(outcome).toMatchObject({ code: 'too_many_organizations', envelope: { error: { details: { limit: 10 } } } })
    expect(await create(newId('user'), 'of-another')).toMatchObject({ ok: true })
    await test.query("update onboardings set created_at = now() - interval '25 hours' where person = $1", [person])
    expect(await create(person, 'next-day')).toMatchObject({ ok: true })
  })

  it('is who it takes: a key, the root key or nobody makes none', async () => {
    const { create } = maker()
    const made = await create(newId('user'), 'has-a-key')
    const { apiKey } = (made.envelope as { data: DataOf<typeof createOrganization> }).data
    const { identity } = maker()
    const caller = createCaller({
      verbs: identity.verbs,
      authenticate: identity.authenticate,
      limiter: { take: async () => null },
      findOrg: async () => null,
      tenant: test.db.tenant,
      log: silentLog,
      clock: systemClock,
    })
    const call = (credentials: object) =>
      caller.call(createOrganization, {
        credentials,
        input: { params: {}, query: {}, body: { slug: 'by-nobody', name: 'x' } },
        requestId: 'r',
        signal: new AbortController().signal,
        address: '192.0.2.1',
      })
    expect(await call({ apiKey: apiKey.secret })).toMatchObject({ code: 'forbidden' })
    expect(await call({ rootKey: ROOT_KEY })).toMatchObject({ code: 'unauthenticated' })
    expect(await call({})).toMatchObject({ code: 'unauthenticated' })
    expect(await rowsOf('by-nobody')).toMatchObject({ orgs: 0 })
  })
})

describe('a step that fails', () => {
  const nothing = { orgs: 0, keys: 0, limits: 0, audits: 0 }

  it('leaves nothing: what was begun is undone, the last first', async () => {
    fail.run = 'throws'
    expect(await maker().create(newId('user'), 'thrown')).toMatchObject({ code: 'unavailable' })
    expect(done.slice(1)).toEqual(['customer undone', 'owner undone'])
    expect(await rowsOf('thrown')).toEqual(nothing)
    expect(await journalOf('thrown')).toMatchObject([{ state: 'undone' }])
  })

  it('leaves nothing when it takes too long, and is told to stop', async () => {
    fail.run = 'hangs'
    const began = performance.now()
    expect(await maker({ stepMs: STEP_MS }).onboard('hung')).toMatchObject({ code: 'timeout' })
    expect(performance.now() - began).toBeLessThan(STEP_MS + 10_000)
    expect(done.slice(1)).toEqual(['customer undone', 'owner undone'])
    expect(await rowsOf('hung')).toEqual(nothing)
  })

  for (const how of ['throws', 'hangs'] as const) {
    it(`in being undone (${how}) is tried again until it is, and told after more than three times`, async () => {
      fail = { run: 'throws', undo: how }
      const { onboard, identity } = maker({ stepMs: STEP_MS })
      const slug = `never-${how}`
      await onboard(slug)
      for (let sweep = 0; sweep < 3; sweep++) {
        expect(told).toEqual([])
        await later(slug)
        await identity.sweep()
      }
      expect(await journalOf(slug)).toEqual([{ state: 'stuck', tries: 4 }])
      expect(told).toEqual(['onboarding stuck at customer after 4'])
      expect(await rowsOf(slug)).toMatchObject({ orgs: 1, keys: 0 })
      fail = {}
      await later(slug)
      await identity.sweep()
      expect(told.at(-1)).toBe('onboarding settled')
      expect(await rowsOf(slug)).toEqual(nothing)
    })
  }

  it('at its very end, after the commit, is no failure', async () => {
    const disarm = armFailpoint('onboarding.ended', () => {
      throw new Error('the connection was lost')
    })
    expect(await maker().onboard('committed', 'k-end')).toMatchObject({ ok: true })
    disarm()
    expect(await rowsOf('committed')).toMatchObject({ orgs: 1, keys: 1 })
  })
})
