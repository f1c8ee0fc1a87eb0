import { describe, expect, it } from 'vitest'
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { isAbsent } from '../../contract/operation.ts'
import { runCli } from './program.ts'
import { CliError, type CliSettings } from './settings.ts'

interface Sent {
  readonly method: string
  readonly url: string
  readonly key: string | null
  readonly body: unknown
}

const DEMO = { url: 'http://127.0.0.1:7420', apiKey: 'tn_live_demo', org: 'demo' }

async function run(argv: readonly string[], more: Partial<CliSettings> = {}, answers: readonly Response[] = []) {
  const sent: Sent[] = []
  const left = [...answers]
  const text = { out: '', err: '' }
  const settings: CliSettings = {
    url: DEMO.url,
    apiKey: undefined,
    org: undefined,
    demo: DEMO,
    out: (part) => (text.out += part),
    err: (part) => (text.err += part),
    isTerminal: false,
    colors: false,
    width: 80,
    confirm: async () => false,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const body = request.method === 'POST' ? await request.json().catch(() => null) : null
      sent.push({ method: request.method, url: request.url, key: request.headers.get('authorization'), body })
      return left.shift() ?? Response.json({ data: [], meta: { pagination: { nextCursor: null, limit: 50 } } })
    },
    ...more,
  }
  const code = await runCli(argv, settings, [
    { name: 'local', summary: 'A local command', run: async ({ json }) => (json ? 7 : 8) },
    { name: 'broken', summary: 'Fails', run: () => Promise.reject(new CliError('config_invalid', { issues: [] })) },
  ])
  return { code, sent, ...text }
}

const RUN = {
  id: 'run_01jd2m5x8qf3v7w9y0z1a2b3c4',
  pipeline: 'git/code/index',
  status: 'succeeded',
  subject: null,
  progress: { chunksTotal: 1, chunksDone: 1, chunksFailed: 0 },
  summary: null,
  error: null,
  waiting: null,
  requestId: 'req',
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
}

describe('the command line', () => {
  it('has a command with help and an example for every operation that names one', async () => {
    const commands = OPERATIONS.flatMap(({ surfaces: { cli } }) => (isAbsent(cli) ? [] : [cli]))
    expect(commands.length).toBeGreaterThan(10)
    for (const { command, examples } of commands) {
      const { code, out } = await run([...command.split(' '), '--help'])
      expect([command, code]).toEqual([command, 0])
      for (const example of examples) expect(out).toContain(example)
    }
  })

  it('puts fields where the contract has them: path, query and body', async () => {
    const search = await run(['search', 'a b', '--case', 'sensitive', '--limit', '3'])
    expect(search.sent[0]).toMatchObject({
      method: 'GET',
      url: 'http://127.0.0.1:7420/v1/search/demo?case=sensitive&limit=3&q=a+b',
      key: 'Bearer tn_live_demo',
    })
    const create = await run(['api-keys', 'create', 'ci', '--scopes', 'search:read', '--scopes', 'runs:read', '--json'])
    expect(create.sent[0]?.body).toEqual({ name: 'ci', scopes: ['search:read', 'runs:read'] })
  })

  it('prints the envelope as it came with --json, and nothing else', async () => {
    const envelope = { data: [], meta: { pagination: { nextCursor: 'abc', limit: 50 } } }
    const { out, err, code } = await run(['repos', 'list', '--json'], {}, [Response.json(envelope)])
    expect([JSON.parse(out), err, code]).toEqual([envelope, '', 0])
  })

  it('gives each error its exit code, its recovery step and its request id', async () => {
    const error = { code: 'not_found', message: ERRORS.not_found.message, requestId: 'req_1' }
    const answer = () => Response.json({ error }, { status: 404 })
    const people = await run(['repos', 'show', 'x'], {}, [answer()])
    expect(people).toMatchObject({ code: 3, out: '' })
    for (const part of [error.message, ERRORS.not_found.recovery, 'req_1', 'not_found'])
      expect(people.err).toContain(part)
    const programs = await run(['repos', 'show', 'x', '--json'], {}, [answer()])
    expect([programs.code, JSON.parse(programs.out)]).toEqual([3, { error }])
  })

  it('calls wrong use wrong use, as an envelope with --json', async () => {
    for (const argv of [
      ['nonsense'],
      ['search'],
      ['repos'],
      ['search', 'x', '--bogus'],
      ['search', 'x', '--case', 'y'],
    ]) {
      expect([argv, (await run(argv)).code]).toEqual([argv, 2])
      const { out, code } = await run([...argv, '--json'])
      expect([argv, code, JSON.parse(out).error.code]).toEqual([argv, 2, 'usage'])
    }
  })

  it('sends the key of the demo to the server of the demo alone', async () => {
    const elsewhere = await run(['me', '--url', 'http://127.0.0.1:9999'])
    expect(elsewhere).toMatchObject({ code: 4, sent: [] })
    const set = await run(['repos', 'list'], { url: 'https://tenon.example.org' })
    expect(set).toMatchObject({ code: 4, sent: [] })
    const own = await run(['me', '--url', 'http://127.0.0.1:9999', '--api-key', 'tn_live_own', '--json'])
    expect(own.sent[0]).toMatchObject({ url: 'http://127.0.0.1:9999/v1/me', key: 'Bearer tn_live_own' })
  })

  it('asks the server for the organisation of a key that comes without one', async () => {
    const me = Response.json({ data: { org: { id: 'org_1' } } })
    const { sent } = await run(['repos', 'list'], { apiKey: 'tn_live_own' }, [me])
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual(['/v1/me', '/v1/repositories/org_1'])
  })

  it('deletes nothing without --yes where nobody can be asked, or when the answer is no', async () => {
    expect(await run(['repos', 'delete', 'x'])).toMatchObject({ code: 2, sent: [] })
    expect(await run(['repos', 'delete', 'x'], { isTerminal: true })).toMatchObject({ code: 1, sent: [] })
    const yes = await run(['api-keys', 'revoke', 'key_1', '--yes', '--json'])
    expect(yes.sent[0]?.url).toContain('/v1/api-keys/demo/key_1/revoke')
  })

  it('follows a run with --wait, and fails when the run fails', async () => {
    const answers = (status: string) => [
      Response.json({ data: { repository: { name: 'x' }, run: { ...RUN, status: 'queued' } } }, { status: 202 }),
      Response.json({ data: { ...RUN, status } }),
    ]
    const good = await run(['repos', 'add', 'a/b', '--wait', '--json'], {}, answers('succeeded'))
    expect([good.code, JSON.parse(good.out).data.run.status]).toEqual([0, 'succeeded'])
    expect((await run(['repos', 'add', 'a/b', '--wait'], {}, answers('failed'))).code).toBe(1)
    const watched = await run(['runs', 'watch', RUN.id], {}, [Response.json({ data: { ...RUN, status: 'cancelled' } })])
    expect(watched.code).toBe(1)
  })

  it('says that no server answers', async () => {
    const fetch = async (): Promise<Response> => Promise.reject(new TypeError('fetch failed'))
    const { code, err } = await run(['me'], { fetch })
    expect(code).toBe(75)
    expect(err).toContain(ERRORS.server_unreachable.recovery)
  })

  it('shows help with wrong settings, and names them when a command needs them', async () => {
    const invalid = new CliError('config_invalid', { issues: [{ path: 'TENON_PORT', message: 'no' }] })
    expect((await run(['--help'], { invalid })).code).toBe(0)
    const { code, err } = await run(['me'], { invalid })
    expect([code, err.includes('TENON_PORT: no')]).toEqual([2, true])
  })

  it('runs local commands and takes their exit code or their error', async () => {
    expect((await run(['local'])).code).toBe(8)
    expect((await run(['local', '--json'])).code).toBe(7)
    expect((await run(['broken'])).code).toBe(2)
  })
})
