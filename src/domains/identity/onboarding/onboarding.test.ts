import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createTestDatabase, silentLog, type TestDatabase } from '../../../../test/support/database.ts'
import { onboardOrganization } from '../../../contract/identity.ts'
import type { DataOf } from '../../../contract/operation.ts'
import { systemClock } from '../../../kernel/clock.ts'
import { createCaller, type Outcome } from '../../../kernel/run-operation.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { createIdentity, type Identity, type OnboardingStep } from '../index.ts'

const ROOT_KEY = 'root-key-of-a-test'
let test: TestDatabase
/** What a later step, such as a customer at a payment provider, has done and undone. */
let done: string[]
let fail: { run?: Error; undo?: Error; hang?: Promise<void>; hangUndo?: Promise<void> }

beforeAll(async () => {
  test = await createTestDatabase()
})
beforeEach(() => {
  done = []
  fail = {}
})
afterAll(() => test.close())

const customer: OnboardingStep = {
  name: 'customer',
  run: async ({ slug }) => {
    await fail.hang
    if (fail.run) throw fail.run
    if (!done.includes(slug)) done.push(slug)
  },
  undo: async (org) => {
    if (fail.undo) throw fail.undo
    done.push('undoing')
    await fail.hangUndo
    done.push(`undone ${org}`)
  },
}

function onboarder(rootKey = ROOT_KEY): { onboard: typeof send; identity: Identity } {
  const identity = createIdentity({ db: test.db, rootKey, clock: systemClock, log: silentLog, onboarding: [customer] })
  const caller = createCaller({
    verbs: identity.verbs,
    authenticate: identity.authenticate,
    limiter: { take: async () => null },
    findOrg: async () => null,
    tenant: test.db.tenant,
    log: silentLog,
    clock: systemClock,
  })
  const send = (slug: string, key?: string, more: object = {}): Promise<Outcome> =>
    caller.call(onboardOrganization, {
      credentials: { rootKey },
      input: { params: {}, query: {}, body: { slug, name: slug, ...more } },
      requestId: 'request-of-a-test',
      signal: new AbortController().signal,
      address: '192.0.2.1',
      idempotencyKey: key,
    })
  return { onboard: send, identity }
}

const organizations = (slug: string) => test.query('select from organizations where slug = $1', [slug])
const keysOf = (slug: string) =>
  test.query('select from api_keys join organizations using (org_id) where slug = $1', [slug])
const stateOf = async (slug: string) =>
  (await test.query<{ state: string }>('select state from onboardings where slug = $1', [slug])).map(
    ({ state }) => state,
  )
const abandon = (slug: string) =>
  test.query(
    "update onboardings set lease_until = now() - interval '1 hour', owner = 'a dead process' where slug = $1",
    [slug],
  )

describe('onboarding', () => {
  it('gives an organisation, its plan and its first key', async () => {
    const { envelope } = await onboarder().onboard('whole', undefined, { plan: 'solo' })
    const { data } = envelope as { data: DataOf<typeof onboardOrganization> }
    expect(data).toMatchObject({ org: { slug: 'whole' }, plan: 'solo', apiKey: { secret: expect.any(String) } })
    expect(done).toEqual(['whole'])
  })

  it('refuses slugs that are malformed or reserved', async () => {
    for (const slug of ['', 'a', 'A-b', '-ab', 'ab-', 'a b', 'a_b', 'x'.repeat(100), 'admin', 'api', 'mcp'])
      expect([slug, await onboarder().onboard(slug)]).toMatchObject([slug, { code: 'validation_failed' }])
  })

  it('answers a repeat as the first, with the key, and makes nothing twice', async () => {
    const { onboard } = onboarder()
    const [first, second] = [await onboard('repeated', 'k-1'), await onboard('repeated', 'k-1')]
    expect(first).toMatchObject({ ok: true, replayed: false })
    expect(second).toMatchObject({ ok: true, replayed: true, envelope: first.envelope })
    expect(await keysOf('repeated')).toHaveLength(1)
    expect(done).toEqual(['repeated'])
    expect(await onboard('repeated-2', 'k-1')).toMatchObject({ code: 'idempotency_key_reused' })
    expect(await onboarder('another-root-key').onboard('repeated', 'k-1')).toMatchObject({
      code: 'idempotency_key_reused',
    })
  })

  it('goes on where a process has ended, with the same organisation', async () => {
    let resume = (): void => {}
    fail.hang = new Promise((resolve) => (resume = resolve))
    const { onboard } = onboarder()
    const lost = onboard('resumed', 'k-2')
    while ((await organizations('resumed')).length === 0) await new Promise((resolve) => setTimeout(resolve, 10))
    expect(await onboard('resumed', 'k-2')).toMatchObject({ code: 'idempotency_in_progress' })
    await abandon('resumed')
    fail = {}
    const continued = await onboard('resumed', 'k-2')
    expect(continued).toMatchObject({ ok: true })
    // Whoever was thought dead and comes back is refused, and undoes nothing.
    resume()
    expect(await lost).toMatchObject({ code: 'idempotency_in_progress' })
    expect(await keysOf('resumed')).toHaveLength(1)
    expect(await stateOf('resumed')).toEqual(['done'])
    expect(done.filter((what) => what.startsWith('undone'))).toEqual([])
  })

  it('of one key has one effect when many are sent at once', async () => {
    const { onboard } = onboarder()
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => onboard('crowd', 'k-3')))
    const refused = outcomes.filter(({ ok }) => !ok)
    expect(refused.every((outcome) => !outcome.ok && outcome.code === 'idempotency_in_progress')).toBe(true)
    expect(outcomes.length - refused.length).toBeGreaterThan(0)
    expect(await keysOf('crowd')).toHaveLength(1)
  })

  it('undoes the earlier steps when a later one fails, and can then be repeated', async () => {
    fail.run = new TenonError('unavailable')
    const { onboard } = onboarder()
    expect(await onboard('undone', 'k-4')).toMatchObject({ code: 'unavailable' })
    expect(await organizations('undone')).toHaveLength(0)
    expect(done).toEqual(['undoing', expect.stringMatching(/^undone org_/)])
    expect(await stateOf('undone')).toEqual(['undone'])
    fail = {}
    expect(await onboard('undone', 'k-4')).toMatchObject({ ok: true })
    expect(await keysOf('undone')).toHaveLength(1)
  })

  it('that was thought dead undoes nothing of what another has made of it', async () => {
    let resume = (): void => {}
    fail.run = new TenonError('unavailable')
    fail.hangUndo = new Promise((resolve) => (resume = resolve))
    const { onboard } = onboarder()
    const lost = onboard('late', 'k-8')
    while (!done.includes('undoing')) await new Promise((resolve) => setTimeout(resolve, 10))
    await abandon('late')
    fail = {}
    expect(await onboard('late', 'k-8')).toMatchObject({ ok: true })
    resume()
    expect(await lost).toMatchObject({ code: 'unavailable' })
    expect(await organizations('late')).toHaveLength(1)
    expect(await keysOf('late')).toHaveLength(1)
  })

  it('that was undone may be sent again with a correction', async () => {
    fail.run = new TenonError('unavailable')
    const { onboard } = onboarder()
    await onboard('wrong', 'k-9')
    fail = {}
    expect(await onboard('corrected', 'k-9')).toMatchObject({ ok: true })
  })

  it('leaves the one that has the slug alone when the slug is taken', async () => {
    const { onboard } = onboarder()
    await onboard('taken')
    expect(await onboard('taken', 'k-5')).toMatchObject({ code: 'organization_exists' })
    expect(await organizations('taken')).toHaveLength(1)
    expect(await keysOf('taken')).toHaveLength(1)
  })
})

describe('the sweep', () => {
  it('undoes what was left half done, and tries again what could not be undone', async () => {
    fail = { run: new TenonError('unavailable'), undo: new Error('the provider is away') }
    const { onboard, identity } = onboarder()
    await onboard('stuck')
    expect(await stateOf('stuck')).toEqual(['stuck'])
    expect(await organizations('stuck')).toHaveLength(1)
    await identity.sweep()
    expect(await stateOf('stuck')).toEqual(['stuck'])
    await abandon('stuck')
    fail = {}
    await identity.sweep()
    expect(await stateOf('stuck')).toEqual(['undone'])
    expect(await organizations('stuck')).toHaveLength(0)
  })

  it('leaves alone what is done, and forgets it after a day', async () => {
    const { onboard, identity } = onboarder()
    await onboard('kept', 'k-6')
    await abandon('kept')
    await identity.sweep()
    expect(await organizations('kept')).toHaveLength(1)
    await test.query("update onboardings set created_at = now() - interval '25 hours' where slug = 'kept'")
    await identity.sweep()
    expect(await stateOf('kept')).toEqual([])
    expect(await keysOf('kept')).toHaveLength(1)
  })
})
