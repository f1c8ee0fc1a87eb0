import { describe, expect, it } from 'vitest'
import { nowhere } from '../../../test/support/cli-settings.ts'
import { createClient } from '../../contract/client.ts'
import { ERRORS } from '../../contract/errors.ts'
import { followRun, type Pause } from './follow-run.ts'
import { runCli } from './program.ts'
import type { CliSettings } from './settings.ts'

const ID = 'run_01jd2m5x8qf3v7w9y0z1a2b3c4'
const RUN = {
  id: ID,
  pipeline: 'git/code/index',
  status: 'succeeded',
  subject: null,
  progress: { chunksTotal: 4, chunksDone: 4, chunksFailed: 0 },
  summary: null,
  error: null,
  waiting: null,
  priority: 'normal',
  pausedAt: null,
  schedule: null,
  archivedAt: null,
  credits: null,
  requestId: 'req',
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
}
const log = (message: string, level = 'info') => ({
  type: 'log',
  log: { at: '2026-01-01T10:11:12.000Z', level, message },
})
/** A stream that ends after these events, with ids that begin like this. */
const streamOf = (events: readonly object[], ids = 'e'): Response =>
  new Response(
    ['retry: 1000\n\n', ...events.map((event, i) => `id: ${ids}${i}\ndata: ${JSON.stringify(event)}\n\n`)].join(''),
    { headers: { 'content-type': 'text/event-stream; charset=utf-8' } },
  )
const refusal = (code: string, status: number, headers = {}): Response =>
  Response.json({ error: { code, message: '', requestId: 'req_1' } }, { status, headers })
const unreachable = async (): Promise<Response> => Promise.reject(new TypeError('fetch failed'))
type Answer = () => Response | Promise<Response>

/** A server that gives these answers to the questions for events, one after the other; the last one stays. */
function server(answers: readonly Answer[]) {
  const asked: { path: string; lastEventId: string | null; accept: string | null }[] = []
  const left = [...answers]
  const fetch = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const { url, headers } = new Request(input, init)
    asked.push({
      path: new URL(url).pathname,
      lastEventId: headers.get('last-event-id'),
      accept: headers.get('accept'),
    })
    return (left.length > 1 ? left.shift() : left[0])?.() ?? Response.error()
  }
  return { asked, fetch }
}

async function watch(argv: readonly string[], answers: readonly Answer[], more: Partial<CliSettings> = {}) {
  const { asked, fetch } = server(answers)
  const text = { out: '', err: '' }
  const settings: CliSettings = {
    url: 'http://127.0.0.1:7420',
    apiKey: 'tn_live_own',
    org: 'demo',
    fetch,
    out: (part) => (text.out += part),
    err: (part) => (text.err += part),
    isTerminal: false,
    colors: false,
    width: 80,
    confirm: async () => false,
    input: async () => '',
    ...nowhere,
    ...more,
  }
  const code = await runCli(['runs', 'watch', ID, ...argv], settings, [])
  return { code, asked, ...text }
}

const at = (chunksDone: number, more: object = {}) => ({
  type: 'run',
  run: { ...RUN, progress: { chunksTotal: 4, chunksDone, chunksFailed: 0 }, ...more },
})
const running = (chunksDone: number) => at(chunksDone, { status: 'running', endedAt: null })

describe('tenon runs watch', () => {
  it('shows how it goes on a line now and then, and the run when it has ended', async () => {
    const { code, asked, out, err } = await watch([], [() => streamOf([running(1), running(2), at(4)])])
    expect(code).toBe(0)
    expect(asked).toEqual([{ path: `/v1/runs/demo/${ID}/events`, lastEventId: null, accept: 'text/event-stream' }])
    expect(err.trimEnd().split('\n')).toEqual(['25%  1/4  running', '100%  4/4  succeeded'])
    expect(out).toMatch(new RegExp(`^run +${ID}\n`))
  })

  it('rewrites its line on a terminal, and cuts it there', async () => {
    const waiting = { reason: 'concurrency', until: null }
    const stream = () => streamOf([running(1), at(2, { status: 'running', waiting }), at(4)])
    const { err } = await watch([], [stream], { isTerminal: true })
    const lines = err.split('\r\u001b[K')
    expect(lines).toHaveLength(4)
    expect(lines[2]).toMatch(/^█{12}░{12}  50% {2}2\/4 {2}running {2}waits for the organisation's .*…$/)
    for (const line of lines) expect(line.trimEnd().length).toBeLessThan(80)
    expect(err.match(/\n/g)).toHaveLength(1)
    expect(err).toMatch(/succeeded\n$/)
  })

  it('shows the log above the progress when asked to, coloured by level', async () => {
    const stream = () => streamOf([running(1), log('one'), log('\u001b[2Jtwo', 'error'), at(4)])
    expect((await watch([], [stream])).err).not.toContain('one')
    const plain = await watch(['--logs'], [stream])
    expect(plain.err).toMatch(/running\n2026-01-01 10:11:12Z info {2}one\n2026-01-01 10:11:12Z error two\n100%/)
    const { err } = await watch(['--logs'], [stream], { isTerminal: true, colors: true })
    const bar = `${'█'.repeat(6)}${'░'.repeat(18)}  25%  1/4  running`
    expect(err.split('\r\u001b[K')[2]).toMatch(new RegExp(`one\n${bar}$`))
    expect(err).toContain('\u001b[31merror\u001b[39m two\n')
  })

  it('goes on after the last event when the server has ended the stream', async () => {
    const { code, asked, err } = await watch(
      [],
      [() => streamOf([running(1), running(2)], 'a'), () => streamOf([at(4)], 'b')],
    )
    expect([code, asked.map(({ lastEventId }) => lastEventId)]).toEqual([0, [null, 'a1']])
    expect(err.trimEnd().split('\n')).toEqual(['25%  1/4  running', '100%  4/4  succeeded'])
  })

  it('exits with 1 unless the run succeeded, and says how to see what failed', async () => {
    for (const status of ['failed', 'cancelled']) {
      const { code } = await watch([], [() => streamOf([at(4, { status })])])
      expect([status, code]).toEqual([status, 1])
    }
    const partly = { status: 'completed_with_errors', progress: { chunksTotal: 4, chunksDone: 3, chunksFailed: 1 } }
    const { code, out } = await watch([], [() => streamOf([at(4, partly)])])
    expect([code, out]).toEqual([1, expect.stringContaining(`tenon runs chunks ${ID} --state failed\n`)])
    const json = await watch(['--json'], [() => streamOf([at(4, partly)])])
    expect([json.code, JSON.parse(json.out)]).toEqual([1, { data: { ...RUN, ...partly } }])
  })

  it('waits for a server that is away, and for a rate limit that is over soon', async () => {
    const { code, asked, err } = await watch(
      [],
      [
        () => streamOf([running(1)], 'a'),
        unreachable,
        () => refusal('rate_limited', 429, { 'retry-after': '1' }),
        () => streamOf([at(4)], 'b'),
      ],
    )
    expect([code, asked.map(({ lastEventId }) => lastEventId)]).toEqual([0, [null, 'a0', 'a0', 'a0']])
    expect(err).toContain('The server is not available (server_unreachable); going on in 2 s.\n')
    expect(err).toContain('Rate limit reached; going on in 1 s.\n')
  })

  it('fails at once at what does not pass', async () => {
    const missing = await watch([], [() => streamOf([running(1)]), () => refusal('not_found', 404)], {
      isTerminal: true,
    })
    expect(missing.code).toBe(3)
    expect(missing.err).toContain(`running\nerror ${ERRORS.not_found.message}`)
    const long = await watch([], [() => refusal('rate_limited', 429, { 'retry-after': '61' })])
    expect([long.code, long.asked.length]).toEqual([5, 1])
  })

  it('asks for the organisation of a key that comes without one', async () => {
    const me = () => Response.json({ data: { org: { id: 'org_1' } } })
    const { asked } = await watch([], [me, () => streamOf([at(4)])], { org: undefined })
    expect(asked.map(({ path }) => path)).toEqual(['/v1/me', `/v1/runs/org_1/${ID}/events`])
  })
})

describe('following a run', () => {
  /** Its pauses, on a clock that only these move, and how it ended. */
  async function follow(answers: readonly Answer[]) {
    const { asked, fetch } = server(answers)
    const client = createClient({ url: 'http://127.0.0.1:7420', apiKey: 'tn_live_own', org: 'demo', fetch })
    let now = 0
    const slept: number[] = []
    const clock = {
      now: () => now,
      sleep: async (ms: number) => {
        slept.push(ms / 1000)
        now += ms
      },
    }
    const pauses: Pause[] = []
    const end: unknown = await (async () => {
      for await (const event of followRun(client, ID, clock)) if (event.type === 'pause') pauses.push(event)
    })().catch((thrown: unknown) => thrown)
    return { asked, slept, pauses, end }
  }
  const timeout = { code: 'timeout', details: { resume: `tenon runs watch ${ID}` } }

  it('gives up after five minutes without an answer', async () => {
    const { slept, pauses, end } = await follow([() => refusal('unavailable', 503)])
    expect(slept).toEqual([1, 2, 4, 8, 15, ...Array.from({ length: 9 }, () => 30)])
    expect(pauses.map(({ seconds }) => seconds)).toEqual(slept)
    expect(end).toMatchObject(timeout)
  })

  it('fails at once when there was never a server', async () => {
    const { slept, end } = await follow([unreachable])
    expect([slept, end]).toMatchObject([[], { code: 'server_unreachable' }])
  })

  it('begins to count anew with each event', async () => {
    const { slept, end } = await follow([
      () => refusal('unavailable', 503),
      () => refusal('unavailable', 503),
      () => streamOf([running(1)], 'a'),
      unreachable,
      () => streamOf([at(4)], 'b'),
    ])
    expect([slept, end]).toEqual([[1, 2, 1, 2], undefined])
  })

  it('does not hurry a server whose streams end at once, and gives up on it as well', async () => {
    const { slept, pauses, end } = await follow([() => streamOf([])])
    expect([slept.slice(0, 7), pauses]).toEqual([[1, 2, 4, 8, 15, 30, 30], []])
    expect(end).toMatchObject(timeout)
  })

  it('goes on after a stream that broke in the middle', async () => {
    const broken = () => {
      const bytes = new TextEncoder().encode(`id: a7\ndata: ${JSON.stringify(running(1))}\n\n`)
      let pulls = 0
      const body = new ReadableStream({
        pull: (controller) => (pulls++ === 0 ? controller.enqueue(bytes) : controller.error(new Error('reset'))),
      })
      return new Response(body)
    }
    const { asked, pauses, end } = await follow([broken, () => streamOf([at(4)])])
    expect(pauses).toMatchObject([{ code: 'server_unreachable', seconds: 1 }])
    expect([asked.map(({ lastEventId }) => lastEventId), end]).toEqual([[null, 'a7'], undefined])
  })
})
