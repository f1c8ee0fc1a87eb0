import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { callKernel, type KernelCall } from '../../test/support/call-kernel.ts'
import { orgField } from '../contract/fields.ts'
import { defineOperation, type Operation } from '../contract/operation.ts'
import { PLANS } from '../contract/plans.ts'
import { ROLES } from '../contract/roles.ts'
import type { CallRequest } from './call.ts'
import type { OrgRef } from './ctx.ts'
import type { Holder } from './identify.ts'
import { newId } from './ids.ts'
import type { CallerOptions } from './run-operation.ts'

const base = {
  summary: 's',
  description: 'd',
  scope: null,
  tx: 'none',
  output: z.literal('done'),
  idempotent: true,
  surfaces: { mcp: { absent: 'a test' }, cli: { absent: 'a test' } },
} as const
const ofOrg = defineOperation({
  ...base,
  name: 'a.ofOrg',
  method: 'GET',
  path: '/v1/a/{org}',
  auth: 'key',
  scope: 'runs:write',
  params: z.strictObject({ org: orgField }),
})
const ofCaller = defineOperation({ ...base, name: 'a.ofCaller', method: 'GET', path: '/v1/b', auth: 'key' })
const ofPerson = defineOperation({ ...base, name: 'a.ofPerson', method: 'GET', path: '/v1/c', auth: 'session' })
const signed = defineOperation({
  ...base,
  name: 'a.signed',
  method: 'POST',
  path: '/v1/d',
  auth: 'signature',
  audited: false,
  body: z.looseObject({ id: z.string() }),
})

const org: OrgRef = { id: newId('org'), slug: 'acme', plan: 'free', limits: PLANS.free }
const user = { kind: 'user', id: newId('user'), session: 'session_1', role: null } as const
/** A member of one organisation, as a viewer unless the session says otherwise. */
const authenticate = async (_: 'key' | 'root', credential: string): Promise<Holder | null> => {
  if (credential === 'a key')
    return {
      principal: {
        actor: { kind: 'key', id: newId('key'), lineage: newId('key'), callsPerHour: null, expiresAt: null },
        org,
        scopes: [],
      },
      state: 'valid',
    }
  const role = credential === 'a member' ? 'member' : credential === 'a viewer' ? 'viewer' : null
  if (role === null) return null
  const mine = (named: string | undefined): boolean => named === undefined || named === org.id || named === org.slug
  return {
    principal: { actor: user, org: null, scopes: [] },
    state: 'valid',
    enter: async (named) => (mine(named) ? { org, role } : null),
  }
}

const callOf = (
  operation: Operation,
  { params = {}, ...request }: Partial<CallRequest> & { params?: object },
  over: Partial<CallerOptions> = {},
): Promise<KernelCall> =>
  callKernel(
    operation,
    { authenticate, ...over },
    { input: { params: { ...params }, query: {}, body: {} }, ...request },
  )

describe('a person who has signed in', () => {
  it('does in an organisation what their role may, and counts on it', async () => {
    const { outcome, counted, seen } = await callOf(ofOrg, {
      params: { org: 'acme' },
      credentials: { session: 'a member' },
    })
    expect(outcome.ok).toBe(true)
    expect(counted).toEqual([{ kind: 'org', org, key: null }])
    expect(seen).toMatchObject({ actor: { ...user, role: 'member' }, org, scopes: ROLES.member })
  })

  it('does nothing that their role may not', async () => {
    const asked = { params: { org: 'acme' }, credentials: { session: 'a viewer' } }
    expect((await callOf(ofOrg, asked)).outcome).toMatchObject({ status: 403, code: 'forbidden' })
  })

  it('finds no organisation that they are no member of, and is counted for asking', async () => {
    const { outcome, counted, seen } = await callOf(ofOrg, {
      params: { org: 'other' },
      credentials: { apiKey: 'a member' },
    })
    expect(outcome).toMatchObject({ status: 404, code: 'not_found' })
    expect(counted).toEqual([{ kind: 'user', user: user.id }])
    expect(seen).toBeNull()
  })

  it('means the only organisation that they have, unless the call names one', async () => {
    const credentials = { session: 'a member' }
    expect((await callOf(ofCaller, { credentials })).seen?.org).toBe(org)
    expect((await callOf(ofCaller, { credentials, org: 'acme' })).seen?.org).toBe(org)
    const stranger = await callOf(ofCaller, { credentials, org: 'other' })
    expect([stranger.outcome.ok, stranger.seen?.org]).toEqual([true, null])
    expect(stranger.counted).toEqual([{ kind: 'user', user: user.id }])
  })

  it('that a half character or a NUL names is no organisation', async () => {
    for (const named of ['a\0', '\ud800'])
      expect(
        (await callOf(ofOrg, { params: { org: named }, credentials: { session: 'a member' } })).outcome,
      ).toMatchObject({
        code: 'not_found',
      })
  })

  it('whose session has ended is told so, and one with a bad key that the key is bad', async () => {
    const ended = await callOf(ofCaller, { credentials: { session: 'ended' } })
    expect(ended.outcome).toMatchObject({ status: 401, code: 'unauthenticated' })
    const bad = await callOf(ofCaller, { credentials: { apiKey: 'bad', session: 'a member' } })
    expect(bad.outcome).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })
})

describe('an operation of people', () => {
  it('is for them, counted on them, and has no organisation', async () => {
    const { outcome, counted, seen } = await callOf(ofPerson, { credentials: { session: 'a member' } })
    expect(outcome.ok).toBe(true)
    expect(counted).toEqual([{ kind: 'user', user: user.id }])
    expect(seen?.org).toBeNull()
  })

  it('is refused to a key, which is counted', async () => {
    const { outcome, counted } = await callOf(ofPerson, { credentials: { apiKey: 'a key' } })
    expect(outcome).toMatchObject({ status: 403, code: 'forbidden' })
    expect(counted.map(({ kind }) => kind)).toEqual(['org'])
  })
})

describe('an operation whose body is signed', () => {
  const bytes = Buffer.from('{"id":"1"}')
  const verifySignature: CallerOptions['verifySignature'] = async (operation, body, signature) =>
    signature === `${operation} ${body.toString()}`
  const request = (signature: string | undefined) => {
    const read: string[] = []
    const readBytes = async () => (read.push('bytes'), bytes)
    const readBody = async () => (read.push('body'), { id: '1' })
    return { read, readBytes, readBody, credentials: { signature } }
  }

  it('is let through uncounted, as what signs it', async () => {
    const { read, ...asked } = request('a.signed {"id":"1"}')
    const { outcome, counted, seen } = await callOf(signed, asked, { verifySignature })
    expect([outcome.ok, counted]).toEqual([true, []])
    expect(seen?.actor).toEqual({ kind: 'system', id: 'a.signed' })
    expect(read).toEqual(['bytes', 'body'])
  })

  it('is refused before its body is read as anything, and counted, with a wrong signature, with none, and where nobody can tell', async () => {
    for (const [signature, over] of [
      ['wrong', { verifySignature }],
      [undefined, { verifySignature }],
      ['a.signed {"id":"1"}', {}],
    ] as const) {
      const { read, ...asked } = request(signature)
      const { outcome, counted } = await callOf(signed, asked, over)
      expect(outcome).toMatchObject({ status: 400, code: 'signature_invalid' })
      expect(counted).toEqual([{ kind: 'anonymous', address: '192.0.2.1' }])
      expect(read).toEqual(['bytes'])
    }
  })
})
