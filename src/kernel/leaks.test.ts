import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { ERRORS } from '../contract/errors.ts'
import { defineOperation } from '../contract/operation.ts'
import { PLANS } from '../contract/plans.ts'
import type { CallRequest } from './call.ts'
import { systemClock } from './clock.ts'
import type { Log, OrgRef } from './ctx.ts'
import { newId } from './ids.ts'
import { createCaller, ORDER, type CallerOptions, type Outcome } from './run-operation.ts'
import { TenonError } from './tenon-error.ts'
import { implement } from './verb.ts'

const SECRETS = [
  'select secret_sha256 from api_keys where id = $1',
  '/home/tenon/.tenon/secrets.json',
  'tn_live_0123456789abcdefghijklmnopqrstuvwxyzABCDEFG123456',
  'postgresql://tenon:hunter22@10.0.0.7/tenon',
]
class Canary extends Error {
  readonly detail = SECRETS.join(' ')
  readonly query = SECRETS[0]
  constructor() {
    super(SECRETS.join(' at '), { cause: new Error(SECRETS.join()) })
  }
}
const sing = async (): Promise<never> => {
  throw new Canary()
}

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
  output: z.strictObject({ ok: z.literal(true) }),
  idempotent: true,
  surfaces: { mcp: { absent: 'a test' }, cli: { absent: 'a test' } },
})
const org: OrgRef = { id: newId('org'), slug: 'acme', plan: 'free', limits: PLANS.free }
const actor = { kind: 'key', id: 'key_1', lineage: 'key_1', callsPerHour: null, expiresAt: null } as const
const verb = implement(write, async () => ({ ok: true as const }))
const lines: unknown[] = []
const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log }
function keep(fields: object): void {
  lines.push(fields)
}

const call = (over: Partial<CallerOptions>): Promise<Outcome> => {
  const request: CallRequest = {
    credentials: { apiKey: 'k' },
    input: { params: {}, query: {}, body: {} },
    requestId: 'req-1234',
    signal: new AbortController().signal,
    address: '192.0.2.1',
  }
  return createCaller({
    verbs: [verb],
    authenticate: async () => ({ principal: { actor, org, scopes: ['api-keys:write'] }, state: 'valid' }),
    limiter: { take: async () => null },
    findOrg: async () => null,
    tenant: () => ({ read: { run: sing }, write: (work) => work({ run: sing }) }),
    log,
    clock: systemClock,
    ...over,
  }).call(write, request)
}

/** A place where a throw may happen, for each step that a call goes through. */
const LAYERS: Record<string, Partial<CallerOptions>> = {
  authenticate: { authenticate: sing },
  limiter: { limiter: { take: sing } },
  replay: { steps: { replay: sing } },
  quota: { steps: { quota: sing } },
  prepare: { verbs: [{ ...verb, prepare: sing }] },
  transaction: { tenant: () => ({ read: { run: sing }, write: sing }) },
  'statement of a verb': { verbs: [{ ...verb, run: (ctx) => ctx.sql.run({ name: 'x', text: 'x', params: [] }, {}) }] },
  claim: { steps: { claim: sing } },
  verb: { verbs: [{ ...verb, run: sing }] },
  output: { verbs: [{ ...verb, run: async () => ({ ok: true, leak: SECRETS.join() }) }] },
  record: { steps: { record: sing } },
  audit: { steps: { audit: sing } },
  commit: {
    tenant: () => ({
      read: { run: sing },
      write: async (work) => {
        await work({ run: sing })
        return sing()
      },
    }),
  },
  'audit of the refusal': { verbs: [{ ...verb, run: sing }], refused: sing },
}

describe('a throw with SQL, paths and keys', () => {
  for (const [layer, over] of Object.entries(LAYERS)) {
    it(`leaves only the fixed text: ${layer}`, async () => {
      lines.length = 0
      const outcome = await call(over)
      const code = layer === 'limiter' ? 'limits_unavailable' : 'internal'
      expect(outcome).toEqual({
        ok: false,
        status: ERRORS[code].httpStatus,
        code,
        rate: null,
        envelope: { error: { code, message: ERRORS[code].message, requestId: 'req-1234' } },
      })
      // What happened is in the log, for the operator.
      expect(lines.some((line) => typeof line === 'object' && line !== null && 'err' in line)).toBe(true)
    })
  }

  it('after the transaction does not make undone what is done', async () => {
    lines.length = 0
    const after = (): never => {
      throw new Canary()
    }
    expect(await call({ verbs: [{ ...verb, after }] })).toMatchObject({ ok: true })
    expect(lines).toContainEqual({ err: expect.any(Canary) })
  })

  it('has been thrown at every step that there is', () => {
    const covered = new Set(['identify', 'org', 'scope', 'parse', ...Object.keys(LAYERS)])
    expect(ORDER.filter((step) => !covered.has(step))).toEqual([])
  })

  it('is wrapped by a code without telling its cause', async () => {
    const wrapped = async () => {
      throw new TenonError('unavailable', { cause: new Canary() })
    }
    expect(JSON.stringify(await call({ verbs: [{ ...verb, run: wrapped }] }))).not.toMatch(/select|home|tn_live|hunter/)
  })
})
