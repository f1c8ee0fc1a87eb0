import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { silentLog } from '../../test/support/database.ts'
import { defineOperation } from '../contract/operation.ts'
import { systemClock } from './clock.ts'
import { createCaller } from './run-operation.ts'
import { implement, type Drawing } from './verb.ts'

const look = defineOperation({
  name: 'things.look',
  summary: 's',
  description: 'd',
  method: 'GET',
  path: '/v1/things',
  auth: 'public',
  scope: null,
  tx: 'none',
  query: z.strictObject({ format: z.enum(['json', 'svg', 'dot']).default('json') }),
  output: z.strictObject({ name: z.string() }),
  drawings: { svg: 'image/svg+xml', dot: 'text/vnd.graphviz' },
  idempotent: true,
  surfaces: { mcp: { absent: 'a test' }, cli: { absent: 'a test' } },
})

async function ask(format: string | undefined, answer: Drawing | { readonly name: string }) {
  const caller = createCaller({
    verbs: [implement(look, async () => answer)],
    authenticate: async () => null,
    limiter: { take: async () => null },
    findOrg: async () => null,
    tenant: () => ({ read: { run: async () => [] }, write: async (work) => work({ run: async () => [] }) }),
    log: { ...silentLog, child: () => silentLog },
    clock: systemClock,
  })
  return caller.call(look, {
    credentials: {},
    input: { params: {}, query: format === undefined ? {} : { format }, body: {} },
    requestId: 'req-1234',
    signal: new AbortController().signal,
    address: '192.0.2.1',
  })
}

describe('an operation that can be drawn', () => {
  it('answers with data, or with the drawing that was asked for', async () => {
    expect(await ask(undefined, { name: 'x' })).toMatchObject({ ok: true, envelope: { data: { name: 'x' } } })
    const drawing = { format: 'svg', text: '<svg/>' }
    expect(await ask('svg', drawing)).toMatchObject({ ok: true, drawing, envelope: { data: null } })
    expect(await ask('json', { name: 'x' })).not.toHaveProperty('drawing')
  })

  it('fails when its verb answers with something else', async () => {
    for (const [format, answer] of [
      ['svg', { name: 'x' }],
      ['svg', { format: 'dot', text: '' }],
      ['json', { format: 'svg', text: '' }],
    ] as const)
      expect(await ask(format, answer)).toMatchObject({ ok: false, code: 'internal' })
    expect(await ask('png', { name: 'x' })).toMatchObject({ ok: false, code: 'validation_failed' })
    expect(await ask('toString', { name: 'x' })).toMatchObject({ ok: false, code: 'validation_failed' })
  })
})
