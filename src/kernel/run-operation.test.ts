import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../test/support/database.ts'
import { defineOperation } from '../contract/operation.ts'
import { systemClock } from './clock.ts'
import type { Principal } from './ctx.ts'
import { newId } from './ids.ts'
import type { CallRequest, Step } from './call.ts'
import { PLANS } from '../contract/plans.ts'
import type { Holder } from './identify.ts'
import { createCaller, type CallerOptions } from './run-operation.ts'
import { implement, type BoundVerb } from './verb.ts'

const write = defineOperation({
  name: 'things.write',
  summary: 's',
  description: 'd',
  method: 'POST',
  path: '/v1/things/{org}',
  auth: 'key',
  scope: 'api-keys:write',
  tx: 'write',
  params: z.strictObject({ org: z.string().max(64) }),
  body: z.strictObject({ text: z.string().max(10), nested: z.json().optional() }),
  output: z.strictObject({ org: z.string(), text: z.string() }),
  idempotent: true,
  surfaces: { mcp: { absent: 'a test' }, cli: { absent: 'a test' } },
})

const org = { id: newId('org'), slug: 'acme', plan: 'free', limits: PLANS.free } as const
const actor = { kind: 'key', id: 'key_1', lineage: 'key_1', callsPerHour: null, expiresAt: null } as const
const principal: Principal = { actor, org, scopes: ['api-keys:write'] }
const holder: Holder = { principal, state: 'valid' }
const withoutScopes: Holder = { principal: { ...principal, scopes: [] }, state: 'valid' }
const echo = implement(write, async (ctx, { text }) => ({ org: ctx.orgId(), text }))

function setUp(verb: BoundVerb = echo, more: Partial<CallerOptions> = {}) {
  const events: string[] = []
  const errors: object[] = []
  const note =
    (name: string): Step =>
    async (_, next) => {
      events.push(name)
      await next()
    }
  const caller = createCaller({
    verbs: [{ ...verb, run: (ctx, input, prepared) => (events.push('verb'), verb.run(ctx, input, prepared)) }],
    authenticate: async () => holder,
    limiter: { take: async () => (events.push('limit'), null) },
    findOrg: async () => null,
    tenant: () => ({
      read: { run: async () => [] },
      write: async (work) => {
        events.push('begin')
        const result = await work({ run: async () => [] })
        events.push('commit')
        return result
      },
    }),
    log: { ...silentLog, child: () => ({ ...silentLog, error: (fields) => void errors.push(fields) }) },
    clock: systemClock,
    steps: {
      replay: note('replay'),
      quota: note('quota'),
      claim: note('claim'),
      record: note('record'),
      audit: note('audit'),
    },
    ...more,
  })
  return { caller, events, errors }
}

function request(params: object, body: object = { text: 'hi' }, signal = new AbortController().signal): CallRequest {
  return {
    credentials: { apiKey: 'k' },
    input: { params: { ...params }, query: {}, body: { ...body } },
    requestId: 'req-1234',
    signal,
    address: '192.0.2.1',
  }
}

describe('a call', () => {
  it('passes the steps in their order and commits last', async () => {
    const { caller, events } = setUp()
    const outcome = await caller.call(write, request({ org: 'acme' }))
    expect(outcome).toEqual({
      ok: true,
      status: 200,
      envelope: { data: { org: org.id, text: 'hi' } },
      rate: null,
      replayed: false,
    })
    expect(events).toEqual(['limit', 'replay', 'quota', 'begin', 'claim', 'verb', 'record', 'audit', 'commit'])
  })

  it('is refused without a credential and with a wrong one', async () => {
    const { caller } = setUp(echo, { authenticate: async () => null })
    expect(await caller.call(write, { ...request({}), credentials: {} })).toMatchObject({ code: 'unauthenticated' })
    expect(await caller.call(write, request({}))).toMatchObject({ status: 401, code: 'invalid_api_key' })
  })

  it('is of the own organisation when none is named', async () => {
    expect(await setUp().caller.call(write, request({}))).toMatchObject({ ok: true })
  })

  it('answers the same for an unknown, a malformed and a foreign organisation, whatever the scope', async () => {
    const { caller, events } = setUp(echo, { authenticate: async () => withoutScopes })
    const named = [newId('org'), 'other', '', '\0', 'x'.repeat(100), 7, null, ['acme']]
    const outcomes = await Promise.all(named.map((value) => caller.call(write, request({ org: value }))))
    expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size).toBe(1)
    expect(outcomes[0]).toMatchObject({ status: 404, code: 'not_found' })
    expect(new Set(events)).toEqual(new Set(['limit']))
  })

  it('is refused without the scope, before its input is read', async () => {
    const { caller, events } = setUp(echo, { authenticate: async () => withoutScopes })
    const outcome = await caller.call(write, request({ org: 'acme' }, { wrong: 1 }))
    expect(outcome).toMatchObject({ status: 403, envelope: { error: { details: { scope: 'api-keys:write' } } } })
    expect(events).toEqual(['limit'])
  })

  it('names every mistake in its input', async () => {
    const { caller, events } = setUp()
    const outcome = await caller.call(write, request({ org: 'acme' }, { text: 'x'.repeat(11), more: 1 }))
    expect(outcome).toMatchObject({ status: 400, code: 'validation_failed' })
    expect(JSON.stringify(outcome)).toContain('"body.text"')
    expect(JSON.stringify(outcome)).toContain('"body.more"')
    expect(events).not.toContain('begin')
  })

  it('is refused with a NUL in any text, also in a key and very deep', async () => {
    let deep: object = { 'a\0': 1 }
    for (let i = 0; i < 2_000; i++) deep = { deep }
    for (const body of [{ text: 'a\0' }, { text: 'a', nested: deep }]) {
      const outcome = await setUp().caller.call(write, request({ org: 'acme' }, body))
      expect(outcome).toMatchObject({ status: 400, code: 'validation_failed' })
    }
  })

  it('fails as internal, tells nothing and is not kept when the answer is not as the contract says', async () => {
    const wrong: BoundVerb = { operation: write, run: async () => ({ org: 1, secret: 'x' }) }
    const { caller, events, errors } = setUp(wrong)
    const outcome = await caller.call(write, request({ org: 'acme' }))
    expect(outcome).toMatchObject({ status: 500, code: 'internal' })
    expect(JSON.stringify(outcome)).not.toContain('contract')
    expect(events).not.toContain('commit')
    expect(errors).toHaveLength(1)
  })

  it('is not kept when it takes too long', async () => {
    const verb = implement(write, async (ctx, { text }) => {
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
      return { org: ctx.orgId(), text }
    })
    const { caller, events } = setUp(verb, { callTimeoutMs: 20 })
    expect(await caller.call(write, request({ org: 'acme' }))).toMatchObject({ status: 504, code: 'timeout' })
    expect(events).not.toContain('commit')
  })

  it('is not kept when the caller has gone', async () => {
    const gone = new AbortController()
    const verb = implement(write, async (ctx, { text }) => {
      gone.abort()
      return { org: ctx.orgId(), text }
    })
    const { caller, events } = setUp(verb)
    const outcome = await caller.call(write, request({ org: 'acme' }, { text: 'a' }, gone.signal))
    expect(outcome).toMatchObject({ status: 499, code: 'cancelled' })
    expect(events).not.toContain('commit')
  })
})

describe('a caller who is let in without a call', () => {
  const ask = ({ caller }: ReturnType<typeof setUp>, counted: boolean) => caller.admit(write, request({}), { counted })

  it('is known by its credential, and counted where it is asked for', async () => {
    for (const [counted, events] of [
      [true, ['limit']],
      [false, []],
    ] as const) {
      const node = setUp()
      expect(await ask(node, counted)).toEqual({ ok: true, principal })
      expect(node.events).toEqual(events)
    }
  })

  it('is refused like any call, counted on its address, and told of', async () => {
    const told: unknown[] = []
    const revoked: Holder = { principal, state: 'revoked' }
    const node = setUp(echo, {
      authenticate: async () => revoked,
      refused: async ({ operation, principal: { org: of } }, { code }) => void told.push([operation.name, of, code]),
    })
    expect(await ask(node, false)).toMatchObject({ ok: false, status: 401, code: 'invalid_api_key' })
    expect(node.events).toEqual(['limit'])
    expect(told).toEqual([['things.write', org, 'invalid_api_key']])
  })
})

describe('a call that takes long', () => {
  const slow = defineOperation({ ...write, name: 'things.slow', timeoutMs: 60 })

  it('has the time that its operation gives it, and says how far it has come to who has asked', async () => {
    const verb = implement(slow, async (ctx, { text }) => {
      ctx.progress({ done: 1, total: 2, message: text })
      await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
      return { org: ctx.orgId(), text }
    })
    const { caller } = setUp(verb, { callTimeoutMs: 1 })
    const told: unknown[] = []
    const began = performance.now()
    const outcome = await caller.call(slow, { ...request({ org: 'acme' }), progress: (one) => void told.push(one) })
    expect(outcome).toMatchObject({ code: 'timeout' })
    expect(performance.now() - began).toBeGreaterThan(55)
    expect(told).toEqual([{ done: 1, total: 2, message: 'hi' }])
    expect(await caller.call(slow, request({ org: 'acme' }))).toMatchObject({ code: 'timeout' })
  })
})
