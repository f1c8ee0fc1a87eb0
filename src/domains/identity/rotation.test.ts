import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startTestNode, testOrg, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { ownOrg } from '../../../test/support/own-org.ts'
import { createApiKey, getMe, listApiKeys, revokeApiKey, revokeSelf, rotateApiKey } from '../../contract/identity.ts'
import type { Clock } from '../../kernel/ctx.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
/** Moved by the tests; the keys' ends are judged by it. */
let movedMs = 0
const clock: Clock = { now: () => new Date(Date.now() + movedMs) }
let node: TestNode
let org: TestOrg

beforeAll(async () => {
  node = await startTestNode({ clock })
  org = await node.onboard('rotating')
})
afterAll(() => node.close())

const as = (secret: string): TestOrg => testOrg(node.caller, org.slug, secret)
const works = (secret: string) =>
  as(secret)
    .call(getMe, {})
    .then(() => true)
    .catch(() => false)

async function after<T>(ms: number, work: () => Promise<T>): Promise<T> {
  movedMs += ms
  try {
    return await work()
  } finally {
    movedMs -= ms
  }
}

describe('a rotated key', () => {
  it('works for 24 hours beside the new one, and no longer', async () => {
    const old = await org.call(createApiKey, { name: 'service', scopes: ['runs:read'] })
    const made = await org.call(rotateApiKey, { key: old.id })
    expect(made).toMatchObject({ name: 'service', scopes: ['runs:read'], lineage: old.id, expiresAt: null })
    expect(await after(24 * HOUR - MINUTE, () => works(old.secret))).toBe(true)
    expect(await after(24 * HOUR + MINUTE, () => works(old.secret))).toBe(false)
    expect(await after(24 * HOUR + MINUTE, () => works(made.secret))).toBe(true)
  })

  it('is told apart in the list', async () => {
    const old = await org.call(createApiKey, { name: 'listed' })
    const made = await org.call(rotateApiKey, { key: old.id })
    const keys = (await org.envelope(listApiKeys, { limit: 200 })).data
    expect(keys.find(({ id }) => id === old.id)?.rotatedAt).toEqual(expect.any(String))
    expect(keys.find(({ id }) => id === made.id)).toMatchObject({ rotatedAt: null, lineage: old.id })
  })

  it('is rotated once, whoever asks at the same moment; then its successor is', async () => {
    const old = await org.call(createApiKey, { name: 'raced' })
    const outcomes = await Promise.allSettled([1, 2, 3].map(() => org.call(rotateApiKey, { key: old.id })))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const refusal = await org.error(rotateApiKey, { key: old.id })
    expect(refusal).toMatchObject({ code: 'api_key_inactive' })
    const [made] = outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    expect(await org.call(rotateApiKey, { key: made?.id ?? '' })).toMatchObject({ lineage: old.id })
  })

  it('keeps an end that comes before the 24 hours, and gives the new one as long a life', async () => {
    const expiresAt = new Date(clock.now().getTime() + 2 * HOUR).toISOString()
    const old = await org.call(createApiKey, { name: 'short', expiresAt })
    const made = await after(HOUR, () => org.call(rotateApiKey, { key: old.id }))
    expect(await after(HOUR + 59 * MINUTE, () => works(old.secret))).toBe(true)
    expect(await after(2 * HOUR + MINUTE, () => works(old.secret))).toBe(false)
    expect(await after(2 * HOUR + 59 * MINUTE, () => works(made.secret))).toBe(true)
    expect(await after(3 * HOUR + MINUTE, () => works(made.secret))).toBe(false)
  })

  it('does not give its scopes to a key that has fewer', async () => {
    const strong = await org.call(createApiKey, { name: 'strong' })
    const weak = await org.call(createApiKey, { name: 'weak', scopes: ['api-keys:write'] })
    expect(await as(weak.secret).error(rotateApiKey, { key: strong.id })).toMatchObject({ code: 'forbidden' })
    expect((await as(weak.secret).call(rotateApiKey, { key: weak.id })).scopes).toEqual(['api-keys:write'])
  })
})

describe('a weaker key', () => {
  it('does not rotate one that lives longer or may call more often, but its own line', async () => {
    const expiresAt = new Date(clock.now().getTime() + HOUR).toISOString()
    const strong = await org.call(createApiKey, { name: 'strong' })
    const brief = as((await org.call(createApiKey, { name: 'brief', expiresAt })).secret)
    const limited = await org.call(createApiKey, { name: 'limited', callsPerHour: 50 })
    expect(await brief.error(rotateApiKey, { key: strong.id })).toMatchObject({ details: { beyond: 'expiresAt' } })
    const refusal = await as(limited.secret).error(rotateApiKey, { key: strong.id })
    expect(refusal).toMatchObject({ code: 'forbidden', details: { beyond: 'callsPerHour' } })
    const renewed = await as(limited.secret).call(rotateApiKey, { key: limited.id })
    expect(renewed).toMatchObject({ callsPerHour: 50, lineage: limited.id })
    // The old one ends in a day, so that it can not take what its successor has.
    expect(await as(limited.secret).error(rotateApiKey, { key: renewed.id })).toMatchObject({ code: 'forbidden' })
  })

  it('with a limit shares it with the keys that it makes', async () => {
    const limited = await org.call(createApiKey, { name: 'limited', callsPerHour: 4 })
    const heir = await as(limited.secret).call(createApiKey, { name: 'heir' })
    expect(heir).toMatchObject({ lineage: limited.id, callsPerHour: 4 })
    await as(limited.secret).call(getMe, {})
    await as(heir.secret).call(getMe, {})
    await as(heir.secret).call(getMe, {})
    expect(await as(heir.secret).error(getMe, {})).toMatchObject({ code: 'rate_limited', details: { window: 'key' } })
  })

  it('that was revoked leaves no heir, also while a node does not know it yet', async () => {
    const leaked = await org.call(createApiKey, { name: 'leaked' })
    expect(await works(leaked.secret)).toBe(true)
    // As on a node that has not heard of it: the trigger that tells is off.
    await node.database.query('alter table api_keys disable trigger api_keys_changed')
    await node.database.query('update api_keys set revoked_at = now() where id = $1', [leaked.id])
    await node.database.query('alter table api_keys enable trigger api_keys_changed')
    expect(await works(leaked.secret)).toBe(true)
    expect(await as(leaked.secret).error(createApiKey, { name: 'heir' })).toMatchObject({ code: 'invalid_api_key' })
    expect(await as(leaked.secret).error(rotateApiKey, { key: leaked.id })).toMatchObject({ code: 'invalid_api_key' })
  })
})

describe('a revoked key', () => {
  it('can not be brought back by any statement', async () => {
    const { id } = await org.call(createApiKey, { name: 'over' })
    await org.call(revokeApiKey, { key: id })
    const revive = node.database.query('update api_keys set revoked_at = null where id = $1', [id])
    await expect(revive).rejects.toThrow(/brought back/)
  })

  it('can be revoked when the organisation has used up its calls', async () => {
    const thief = await node.onboard('robbed')
    const leaked = await thief.call(createApiKey, { name: 'leaked' })
    const orgId = (await ownOrg(thief)).id
    await node.database.query('update rate_windows set hour_used = 1000000, day_used = 1000000 where org_id = $1', [
      orgId,
    ])
    expect(await thief.error(getMe, {})).toMatchObject({ code: 'rate_limited' })
    expect(await thief.call(revokeApiKey, { key: leaked.id })).toMatchObject({ id: leaked.id })
    expect(await testOrg(node.caller, thief.slug, leaked.secret).error(getMe, {})).toMatchObject({
      code: 'invalid_api_key',
    })
  })
})

describe('a key with an end', () => {
  it('works until then, also when it is cached', async () => {
    const expiresAt = new Date(clock.now().getTime() + HOUR).toISOString()
    const { secret } = await org.call(createApiKey, { name: 'ends', expiresAt })
    expect(await works(secret)).toBe(true)
    expect(await after(HOUR + MINUTE, () => works(secret))).toBe(false)
  })

  it('makes none that lives longer or calls more often, and its own apply when nothing is said', async () => {
    const expiresAt = new Date(clock.now().getTime() + HOUR).toISOString()
    const { secret } = await org.call(createApiKey, { name: 'bounded', expiresAt, callsPerHour: 100 })
    const bounded = as(secret)
    const later = new Date(clock.now().getTime() + 2 * HOUR).toISOString()
    expect(await bounded.error(createApiKey, { name: 'x', expiresAt: later })).toMatchObject({
      code: 'validation_failed',
    })
    expect(await bounded.error(createApiKey, { name: 'x', callsPerHour: 99 })).toMatchObject({
      code: 'validation_failed',
    })
    expect(await bounded.call(createApiKey, { name: 'x' })).toMatchObject({ expiresAt, callsPerHour: 100 })
    expect(await org.error(createApiKey, { name: 'x', expiresAt: '2020-01-01T00:00:00.000Z' })).toMatchObject({
      code: 'validation_failed',
    })
  })
})

describe('the holder of a key', () => {
  it('can revoke it without any scope, and nobody else with it', async () => {
    const leaked = await org.call(createApiKey, { name: 'leaked', scopes: ['runs:read'] })
    const revoked = await as(leaked.secret).call(revokeSelf, {})
    expect(revoked).toMatchObject({ id: leaked.id, revokedAt: expect.any(String) })
    expect(await works(leaked.secret)).toBe(false)
    expect(await works(org.apiKey)).toBe(true)
  })

  it('sees when it was last used, to the minute', async () => {
    const used = await org.call(createApiKey, { name: 'used' })
    expect(used.lastUsedAt).toBeNull()
    const lastUsedAt = async () =>
      (await org.envelope(listApiKeys, { limit: 200 })).data.find(({ id }) => id === used.id)?.lastUsedAt ?? null
    await works(used.secret)
    await waitFor(async () => (await lastUsedAt()) !== null, 5_000)
    const first = await lastUsedAt()
    await after(30_000, () => works(used.secret))
    await after(61_000, () => works(used.secret))
    await waitFor(async () => (await lastUsedAt()) !== first, 5_000)
    expect(Date.parse((await lastUsedAt()) ?? '') - Date.parse(first ?? '')).toBeGreaterThanOrEqual(60_000)
  })
})
