import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callKernel } from '../../test/support/call-kernel.ts'
import { defineOperation, type Operation } from '../contract/operation.ts'
import { PLANS } from '../contract/plans.ts'
import type { OrgRef } from './ctx.ts'
import type { CallRequest } from './call.ts'
import type { Holder } from './identify.ts'
import { newId } from './ids.ts'
import type { LimitedCaller } from './limiter.ts'
import type { CallerOptions, Outcome } from './run-operation.ts'
import { TenonError } from './tenon-error.ts'

const base = {
  summary: 's',
  description: 'd',
  scope: null,
  tx: 'none',
  output: z.literal('done'),
  idempotent: true,
  surfaces: { mcp: { absent: 'a test' }, cli: { absent: 'a test' } },
} as const
const publicOperation = defineOperation({
  ...base,
  name: 'a.public',
  method: 'GET',
  path: '/v1/public',
  auth: 'public',
})
const keyOperation = defineOperation({ ...base, name: 'a.key', method: 'GET', path: '/v1/key', auth: 'key' })
const rescueOperation = defineOperation({
  ...base,
  name: 'a.rescue',
  method: 'GET',
  path: '/v1/rescue',
  auth: 'key',
  rescue: true,
})
const rootOperation = defineOperation({ ...base, name: 'a.root', method: 'POST', path: '/v1/root', auth: 'root' })
const signInOperation = defineOperation({
  ...base,
  name: 'a.signIn',
  method: 'POST',
  path: '/v1/sign-in',
  auth: 'public',
  audited: false,
  body: z.strictObject({ email: z.string(), password: z.string() }),
  signIn: 'email',
})
const org: OrgRef = { id: newId('org'), slug: 'acme', plan: 'free', limits: PLANS.free }
const actor = { kind: 'key', id: 'key_2', lineage: 'key_1', callsPerHour: 7, expiresAt: null } as const
const holder: Holder = { principal: { actor, org, scopes: [] }, state: 'valid' }

/** How a call goes, whom it was counted on, and whether the verb ran. */
async function callOf(
  operation: Operation,
  {
    body = {},
    credentials = {},
    readBody,
    ...over
  }: { body?: object; credentials?: object } & Pick<CallRequest, 'readBody'> & Partial<CallerOptions> = {},
): Promise<{ outcome: Outcome; counted: readonly LimitedCaller[]; ran: boolean }> {
  const by = { authenticate: async (_: string, credential: string) => (credential === 'good' ? holder : null), ...over }
  const input = { params: {}, query: {}, body: { ...body } }
  const { outcome, counted, seen } = await callKernel(operation, by, {
    credentials,
    input,
    ...(readBody === undefined ? {} : { readBody }),
  })
  return { outcome, counted, ran: seen !== null }
}

describe('every call is counted', () => {
  it('with a key on its organisation and line', async () => {
    const { counted, ran } = await callOf(keyOperation, { credentials: { apiKey: 'good' } })
    expect(counted).toEqual([{ kind: 'org', org, key: actor }])
    expect(ran).toBe(true)
  })

  it('that has to be possible at any time apart from the organisation', async () => {
    const { counted } = await callOf(rescueOperation, { credentials: { apiKey: 'good' } })
    expect(counted).toEqual([{ kind: 'rescue', address: '192.0.2.1', key: 'key_2' }])
  })

  it('with a token on its organisation alone, and where it has to be possible at any time on whose it is', async () => {
    const token = { kind: 'token', id: 'oauth_1', expiresAt: '2030-01-01T00:00:00.000Z' } as const
    const authenticate = async (): Promise<Holder> => ({ principal: { actor: token, org, scopes: [] }, state: 'valid' })
    const over = { authenticate, credentials: { apiKey: 'a.b.c' } }
    expect((await callOf(keyOperation, over)).counted).toEqual([{ kind: 'org', org, key: null }])
    expect((await callOf(rescueOperation, over)).counted).toEqual([
      { kind: 'rescue', address: '192.0.2.1', key: 'oauth_1' },
    ])
  })

  it('without a valid key on its address', async () => {
    for (const credentials of [{}, { apiKey: 'wrong' }, { apiKey: '' }]) {
      const { counted, outcome, ran } = await callOf(keyOperation, { credentials })
      expect(counted).toEqual([{ kind: 'anonymous', address: '192.0.2.1' }])
      expect([outcome.status, ran]).toEqual([401, false])
    }
  })

  it('with a revoked or expired key on its address, not on the organisation', async () => {
    for (const state of ['revoked', 'expired'] as const) {
      const over = { authenticate: async () => ({ ...holder, state }), credentials: { apiKey: 'old' } }
      const { counted, outcome } = await callOf(keyOperation, over)
      expect(counted.map(({ kind }) => kind)).toEqual(['anonymous'])
      expect(outcome).toMatchObject({ code: 'invalid_api_key' })
    }
  })

  it('of the operator on its address, before the root key is looked at', async () => {
    const limiter = {
      take: async (caller: LimitedCaller) => {
        expect(caller).toEqual({ kind: 'root', address: '192.0.2.1' })
        throw new TenonError('rate_limited', { details: { retryAfterSeconds: 3 } })
      },
    }
    const authenticate = async (): Promise<Holder> => {
      throw new Error('it was looked at')
    }
    const { outcome } = await callOf(rootOperation, { limiter, authenticate, credentials: { rootKey: 'guess' } })
    expect(outcome).toMatchObject({ status: 429, code: 'rate_limited' })
  })

  it('of anyone on its address', async () => {
    expect((await callOf(publicOperation)).counted).toEqual([{ kind: 'anonymous', address: '192.0.2.1' }])
  })

  it('by which a person signs in also on the account, however it is written', async () => {
    for (const email of ['Someone@Example.org', ' someone@example.org '])
      expect((await callOf(signInOperation, { body: { email, password: 'p' } })).counted).toEqual([
        { kind: 'signIn', address: '192.0.2.1' },
        { kind: 'signInAccount', account: 'someone@example.org' },
      ])
    const [, none] = (await callOf(signInOperation, { body: { email: 7 } })).counted
    expect(none).toEqual({ kind: 'signInAccount', account: '' })
  })

  it('by which a person signs in on its address before its body is read, whatever that is', async () => {
    const readBody = () => Promise.reject(new TenonError('malformed_json'))
    const { outcome, counted } = await callOf(signInOperation, { readBody })
    expect(outcome).toMatchObject({ code: 'malformed_json' })
    expect(counted).toEqual([{ kind: 'signIn', address: '192.0.2.1' }])
  })

  it('from an address that is refused uses up nothing of the accounts that it names', async () => {
    const counted: LimitedCaller[] = []
    const limiter = {
      take: async (caller: LimitedCaller) => {
        counted.push(caller)
        throw new TenonError('rate_limited', { details: { retryAfterSeconds: 3 } })
      },
    }
    const { outcome } = await callOf(signInOperation, { limiter, body: { email: 'a@example.org', password: 'p' } })
    expect(outcome).toMatchObject({ code: 'rate_limited' })
    expect(counted).toEqual([{ kind: 'signIn', address: '192.0.2.1' }])
  })
})

describe('a limiter that fails', () => {
  it('lets no call through, whatever it fails with', async () => {
    for (const failure of [new Error('away'), new TenonError('unavailable'), new TenonError('forbidden')]) {
      const limiter = { take: () => Promise.reject(failure) }
      for (const [operation, credentials] of [
        [keyOperation, { apiKey: 'good' }],
        [publicOperation, {}],
        [rootOperation, { rootKey: 'good' }],
        [signInOperation, {}],
      ] as const) {
        const { outcome, ran } = await callOf(operation, { limiter, credentials })
        expect(outcome).toMatchObject({ status: 503, code: 'limits_unavailable' })
        expect(ran).toBe(false)
      }
    }
  })
})
