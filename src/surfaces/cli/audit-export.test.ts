import { describe, expect, it } from 'vitest'
import { nowhere } from '../../../test/support/cli-settings.ts'
import { runCli } from './program.ts'

const entry = (seq: number) => ({
  seq,
  action: 'apiKeys.create',
  resources: { b: '2', a: '1' },
  details: { n: [null] },
})
const page = (entries: object[], nextCursor: string | null): Response =>
  Response.json({ data: entries, meta: { pagination: { nextCursor, limit: 200 } } })
const limited = (seconds: number): Response => {
  const error = { code: 'rate_limited', message: '', details: { limit: 1, retryAfterSeconds: seconds }, requestId: 'r' }
  return Response.json({ error }, { status: 429, headers: { 'retry-after': String(seconds) } })
}

/** Exports from a server that gives these answers, one after the other. */
async function exported(answers: readonly Response[], { org = 'demo' }: { org?: string | undefined } = {}) {
  const left = [...answers]
  const asked: string[] = []
  const written: string[] = []
  let err = ''
  const code = await runCli(
    ['audit', 'export'],
    {
      url: 'http://127.0.0.1:7420',
      apiKey: 'tn_live_own',
      org: org === '' ? undefined : org,
      fetch: async (input) => {
        asked.push(new Request(input).url.replace('http://127.0.0.1:7420', ''))
        // What was answered before stands on the output already: nothing is kept until the end.
        asked.push(`after ${written.length}`)
        return left.shift() ?? Response.error()
      },
      out: (text) => written.push(text),
      err: (text) => (err += text),
      isTerminal: false,
      colors: false,
      width: 80,
      confirm: async () => false,
      input: async () => '',
      ...nowhere,
    },
    [],
  )
  return { code, asked, out: written.join(''), err }
}

describe('tenon audit export', () => {
  it('writes every entry on a line of its own, oldest first, page by page', async () => {
    const { code, asked, out, err } = await exported([page([entry(1), entry(2)], 'next'), page([entry(3)], null)])
    expect([code, err]).toEqual([0, ''])
    expect(asked).toEqual([
      '/v1/audit/demo?order=oldest&limit=200',
      'after 0',
      '/v1/audit/demo?order=oldest&limit=200&cursor=next',
      'after 1',
    ])
    expect(out).toBe([1, 2, 3].map((seq) => `${JSON.stringify(entry(seq))}\n`).join(''))
  })

  it('writes nothing of a trail without entries', async () => {
    expect(await exported([page([], null)])).toMatchObject({ code: 0, out: '', err: '' })
  })

  it('asks once for the organisation of a key that comes without one', async () => {
    const me = Response.json({ data: { org: { id: 'org_1' } } })
    const { asked } = await exported([me, page([entry(1)], 'next'), page([entry(2)], null)], { org: '' })
    expect(asked.filter((line) => line.startsWith('/')).map((line) => line.split('?')[0])).toEqual([
      '/v1/me',
      '/v1/audit/org_1',
      '/v1/audit/org_1',
    ])
  })

  it('waits for a rate limit that is over soon', async () => {
    const begun = performance.now()
    const { code, out, err } = await exported([page([entry(1)], 'next'), limited(1), page([entry(2)], null)])
    expect([code, out.trim().split('\n').length]).toEqual([0, 2])
    expect(err).toContain('going on in 1 s')
    expect(performance.now() - begun).toBeGreaterThan(990)
  })

  it('fails with what it wrote so far when the wait would be long', async () => {
    const { code, out, err } = await exported([page([entry(1)], 'next'), limited(61)])
    expect([code, out]).toEqual([5, `${JSON.stringify(entry(1))}\n`])
    expect(err).toContain('retry after: 61 s')
  })

  it('fails at any other refusal', async () => {
    const error = { code: 'forbidden', message: '', details: { scope: 'audit:read' }, requestId: 'r' }
    const { code, out, err } = await exported([Response.json({ error }, { status: 403 })])
    expect([code, out, err.includes('audit:read')]).toEqual([4, '', true])
  })
})
