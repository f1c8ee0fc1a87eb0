import { describe, expect, it, vi } from 'vitest'
import { ApiError, createClient } from './client.ts'
import { createApiKey, getMe, revokeSelf } from './identity.ts'
import { getRun } from './runs.ts'
import { TIMEOUTS } from './timeouts.ts'

/** A client of a server that gives one answer, and what was sent there. */
function clientOf(answer: () => Response) {
  const sent: Request[] = []
  const client = createClient({
    url: 'http://127.0.0.1:7420',
    apiKey: 'tn_live_own',
    org: 'demo',
    fetch: async (input, init) => {
      sent.push(new Request(input, init))
      return answer()
    },
  })
  return { client, sent }
}

async function failureOf(answer: () => Response): Promise<ApiError> {
  const failure: unknown = await clientOf(answer)
    .client.call(getMe, {})
    .catch((thrown: unknown) => thrown)
  if (failure instanceof ApiError) return failure
  throw new Error('the call has not failed')
}

describe('the client', () => {
  it('sends an idempotency key with what changes something, and with nothing else', async () => {
    const { client, sent } = clientOf(() => Response.json({ data: {} }))
    await client.call(createApiKey, { name: 'ci' }, { idempotencyKey: 'once' })
    await client.call(revokeSelf, {}, { idempotencyKey: 'once' })
    await client.call(getMe, {}, { idempotencyKey: 'once' })
    await client.call(createApiKey, { name: 'ci' })
    expect(sent.map(({ headers }) => headers.get('idempotency-key'))).toEqual(['once', 'once', null, null])
  })

  it('says when to come again, where the server says it in seconds', async () => {
    const error = { code: 'rate_limited', details: { limit: 5, retryAfterSeconds: 7 }, requestId: 'req_1' }
    const answer = (headers: Record<string, string>) => () => Response.json({ error }, { status: 429, headers })
    expect(await failureOf(answer({ 'retry-after': '7' }))).toMatchObject({
      ...error,
      status: 429,
      retryAfterSeconds: 7,
    })
    for (const text of ['Wed, 21 Oct 2026 07:28:00 GMT', '-1', '1.5', '', '9'.repeat(40)])
      expect((await failureOf(answer({ 'retry-after': text }))).retryAfterSeconds).toBeUndefined()
    expect((await failureOf(answer({}))).retryAfterSeconds).toBeUndefined()
  })

  it('waits for as long as the operation may take, and a little longer', async () => {
    const timeout = vi.spyOn(AbortSignal, 'timeout')
    const { client } = clientOf(() => Response.json({ data: {} }))
    await client.call(getRun, { run: 'run_1', waitSeconds: 50 })
    await client.call(getMe, {})
    expect(timeout.mock.calls).toEqual([[TIMEOUTS.wait + 5_000], [30_000]])
    timeout.mockRestore()
  })
})
