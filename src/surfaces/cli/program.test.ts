import { describe, expect, it } from 'vitest'
import { nowhere } from '../../../test/support/cli-settings.ts'
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { fieldsOf, isAbsent, takesIdempotencyKey } from '../../contract/operation.ts'
import type { LocalCommand } from './local-command.ts'
import { runCli } from './program.ts'
import { CliError, type CliSettings } from './settings.ts'

interface Sent {
  readonly method: string
  readonly url: string
  readonly key: string | null
  readonly idempotencyKey: string | null
  readonly body: unknown
}

const DEMO = { url: 'http://127.0.0.1:7420', apiKey: 'tn_live_demo', org: 'demo' }

const LOCAL: readonly LocalCommand[] = [
  { name: 'local', summary: 'A local command', run: async ({ json }) => (json ? 7 : 8) },
  { name: 'broken', summary: 'Fails', run: () => Promise.reject(new CliError('config_invalid', { issues: [] })) },
]

async function run(
  argv: readonly string[],
  more: Partial<CliSettings> = {},
  answers: readonly Response[] = [],
  local = LOCAL,
) {
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
    input: async () => '',
    ...nowhere,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const body: unknown = request.body !== null ? await request.json().catch(() => null) : null
      const { method, url, headers } = request
      const idempotencyKey = headers.get('idempotency-key')
      sent.push({ method, url, key: headers.get('authorization'), idempotencyKey, body })
      return left.shift() ?? Response.json({ data: [], meta: { pagination: { nextCursor: null, limit: 50 } } })
    },
    ...more,
  }
  const code = await runCli(argv, settings, local)
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

describe('the command line', () => {
  it('has a command with help and an example for every operation that names one', async () => {
    const commands = OPERATIONS.flatMap(({ surfaces: { cli } }) => (isAbsent(cli) ? [] : [cli]))
    expect(commands.length).toBeGreaterThan(10)
    for (const { command, examples } of commands) {
      const { code, out } = await run([...command.split(' '), '--help'])
      expect([command, code]).toEqual([command, 0])
      const joined = out.replaceAll(/ \\\n +/g, ' ')
      for (const example of examples) expect(joined).toContain(example.replace(/ +#.*$/, ''))
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

  it('takes an object as JSON, and on or off as true or false', async () => {
    const start = await run([
      'runs',
      'start',
      'git/code/index',
      '--input',
      '{"repository": "tenon", "n": [1]}',
      '--json',
    ])
    expect(start.sent[0]?.body).toEqual({ pipeline: 'git/code/index', input: { repository: 'tenon', n: [1] } })
    for (const enabled of [true, false]) {
      const { sent } = await run(['schedules', 'update', 'nightly', '--enabled', String(enabled), '--json'])
      expect(sent).toMatchObject([{ method: 'PATCH', body: { enabled } }])
    }
    for (const input of ['', '{', 'tenon', '[1]', 'null', '1', '{"a": 1} x']) {
      const { code, sent, err } = await run(['runs', 'start', 'git/code/index', '--input', input])
      expect([input, code, sent]).toEqual([input, 2, []])
      expect(err).toContain('A JSON object is needed')
    }
    for (const wrong of [['--enabled'], ['--enabled', 'no'], ['--input', '[]']])
      expect(await run(['schedules', 'update', 'nightly', ...wrong])).toMatchObject({ code: 2, sent: [] })
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
      ['repos', 'show'],
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

  it('reads a secret from the standard input, so that it does not stand among the arguments', async () => {
    const argv = ['repos', 'add', 'acme/private', '--token']
    const input = async (): Promise<string> => 'ghp_of-a-file\n'
    expect((await run([...argv, '-'], { input })).sent).toMatchObject([{ body: { token: 'ghp_of-a-file' } }])
    expect((await run([...argv, 'given'], { input })).sent).toMatchObject([{ body: { token: 'given' } }])
  })

  it('gives null by an option of its own, and takes the word as the value that it is', async () => {
    const sent = async (...argv: string[]) => (await run(argv)).sent[0]?.body
    expect(await sent('repos', 'add', 'acme/api', '--no-token')).toMatchObject({ token: null })
    expect(await sent('repos', 'add', 'acme/api', '--token', 'null')).toMatchObject({ token: 'null' })
    expect(await sent('repos', 'add', 'acme/api')).not.toHaveProperty('token')
    expect(await sent('projects', 'update', 'shop', '--no-description')).toEqual({ description: null })
    expect(await run(['schedules', 'update', 'nightly', '--no-cron'])).toMatchObject({ code: 2, sent: [] })
  })

  it('asks about many with what they have in common', async () => {
    const asked: string[] = []
    const confirm = async (question: string) => asked.push(question) > 0
    const data = { cancelled: 1, runs: [RUN.id] }
    const argv = ['runs', 'cancel-many', '--pipeline', 'git/code/index', '--created-before', RUN.createdAt]
    const { out, sent } = await run(argv, { isTerminal: true, confirm }, [Response.json({ data })])
    expect(asked).toEqual([`Cancel all runs that fit: git/code/index, ${RUN.createdAt}?`])
    expect(sent).toMatchObject([{ body: { pipeline: 'git/code/index', createdBefore: RUN.createdAt } }])
    expect(out).toBe(`Cancelled 1 run.\n${RUN.id}\n`)
  })

  it('follows a run with --wait, and fails when the run fails', async () => {
    const ending = (status: string): Response =>
      new Response(`id: 1\ndata: ${JSON.stringify({ type: 'run', run: { ...RUN, status } })}\n\n`)
    const queued = { ...RUN, status: 'queued' }
    const answers = (status: string) => [
      Response.json({ data: { repository: { name: 'x' }, run: queued } }, { status: 202 }),
      ending(status),
    ]
    const good = await run(['repos', 'add', 'a/b', '--wait', '--json'], {}, answers('succeeded'))
    expect([good.code, JSON.parse(good.out).data.run.status]).toEqual([0, 'succeeded'])
    expect((await run(['repos', 'add', 'a/b', '--wait'], {}, answers('failed'))).code).toBe(1)
    const retry = await run(['runs', 'retry', RUN.id, '--wait', '--json'], {}, [
      Response.json({ data: queued }, { status: 202 }),
      ending('cancelled'),
    ])
    expect([retry.code, JSON.parse(retry.out)]).toEqual([1, { data: { ...RUN, status: 'cancelled' } }])
    expect(retry.sent.map(({ url }) => new URL(url).pathname)).toEqual([
      `/v1/runs/demo/${RUN.id}/retry`,
      `/v1/runs/demo/${RUN.id}/events`,
    ])
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

  it('gives local commands their arguments and options, beside the operations of the same group', async () => {
    const given: unknown[] = []
    const verify: LocalCommand = {
      name: 'audit verify',
      summary: 'Check a trail',
      description: 'Check a trail without a server.',
      args: [{ name: 'file', description: 'What was exported' }],
      options: [
        { name: 'head', value: 'sha256', description: 'Hash of its last entry' },
        { name: 'org-id', value: 'id', description: 'Whose trail it is' },
      ],
      examples: ['tenon audit verify audit.jsonl'],
      run: async (input) => given.push(input),
    }
    const cli = (...argv: string[]) => run(argv, {}, [], [verify])
    expect((await cli('audit', '--help')).out).toMatch(/list[^]*export[^]*verify .*<file> +Check a trail/)
    const { out } = await cli('audit', 'verify', '--help')
    for (const part of ['without a server', 'What was exported', '--head <sha256>', ...(verify.examples ?? [])])
      expect(out).toContain(part)
    expect((await cli('audit', 'verify', 'a.jsonl', '--org-id', 'org_1', '--json')).code).toBe(1)
    expect((await cli('audit', 'verify', '-')).code).toBe(2)
    expect(given).toMatchObject([
      { json: true, args: { file: 'a.jsonl' }, options: { 'org-id': 'org_1' } },
      { json: false, args: { file: '-' }, options: {} },
    ])
    for (const wrong of [[], ['a', 'b'], ['a', '--head'], ['a', '--bogus', 'x']])
      expect([wrong, (await cli('audit', 'verify', ...wrong)).code]).toEqual([wrong, 2])
    expect(given).toHaveLength(2)
  })
})

describe('an idempotency key', () => {
  it('is an option of the commands that change something, and of no other', async () => {
    for (const operation of OPERATIONS) {
      const { cli } = operation.surfaces
      if (isAbsent(cli)) continue
      const { out } = await run([...cli.command.split(' '), '--help'])
      expect([cli.command, out.includes('--idempotency-key')]).toEqual([cli.command, takesIdempotencyKey(operation)])
    }
    expect((await run(['repos', 'list', '--idempotency-key', 'once'])).code).toBe(2)
  })

  it('is sent beside the input', async () => {
    const { sent } = await run(['api-keys', 'create', 'ci', '--idempotency-key', 'once', '--json'])
    expect(sent).toMatchObject([{ idempotencyKey: 'once', body: { name: 'ci' } }])
    expect((await run(['api-keys', 'create', 'ci', '--json'])).sent).toMatchObject([{ idempotencyKey: null }])
  })

  it('is refused when no header can hold it', async () => {
    for (const key of ['', 'a b', 'ключ', 'x'.repeat(256)])
      expect(await run(['repos', 'reindex', 'x', '--idempotency-key', key])).toMatchObject({ code: 2, sent: [] })
  })
})

describe('a flag that turns a command into another operation', () => {
  const revoked = { id: 'key_1', name: 'ci' }

  it('has a name of one word and takes no input of its own', () => {
    for (const operation of OPERATIONS) {
      const { cli } = operation.surfaces
      if (isAbsent(cli) || cli.flag === undefined) continue
      expect(cli.flag.name).toMatch(/^[a-z]+$/)
      expect([...fieldsOf(operation).keys()].filter((name) => name !== 'org')).toEqual([])
    }
  })

  it('takes the place of the argument', async () => {
    const argv = ['api-keys', 'revoke', '--self', '--yes', '--idempotency-key', 'once']
    const self = await run(argv, {}, [Response.json({ data: revoked })])
    expect(self).toMatchObject({ code: 0, out: 'Revoked key_1 (ci).\n' })
    expect(self.sent).toMatchObject([{ url: 'http://127.0.0.1:7420/v1/me/api-key/revoke', idempotencyKey: 'once' }])
    const other = await run(['api-keys', 'revoke', 'key_1', '--yes'], {}, [Response.json({ data: revoked })])
    expect(other.sent).toMatchObject([{ url: 'http://127.0.0.1:7420/v1/api-keys/demo/key_1/revoke' }])
  })

  it('is wrong use together with the argument, and so is neither', async () => {
    for (const argv of [[], ['key_1', '--self'], ['key_1', 'key_2']]) {
      const { code, sent, out } = await run(['api-keys', 'revoke', ...argv, '--yes', '--json'])
      expect([argv, code, sent, JSON.parse(out).error.code]).toEqual([argv, 2, [], 'usage'])
    }
    expect((await run(['api-keys', 'revoke', '--yes'])).err).toContain("'key' or option '--self'")
  })

  it('asks first, as the command without it does', async () => {
    expect(await run(['api-keys', 'revoke', '--self'])).toMatchObject({ code: 2, sent: [] })
    const asked: string[] = []
    const confirm = async (question: string) => asked.push(question) > 2
    for (const what of ['--self', 'key_1'])
      expect(await run(['api-keys', 'revoke', what], { isTerminal: true, confirm })).toMatchObject({
        code: 1,
        sent: [],
      })
    expect(asked).toEqual(['Revoke the API key of this call?', 'Revoke an API key: key_1?'])
  })
})

describe('a limit that is reached', () => {
  const refusal = (code: string, details: object, headers = {}) =>
    Response.json({ error: { code, message: '', details, requestId: 'req_1' } }, { status: 429, headers })

  it('is told with when to try again', async () => {
    const rate = refusal('rate_limited', { limit: 1000, retryAfterSeconds: 2580 }, { 'retry-after': '2580' })
    const { code, err } = await run(['limits'], {}, [rate])
    expect(code).toBe(5)
    expect(err).toContain('  limit: 1000\n  retry after: 2580 s (43 min)\n')
    const quota = refusal('quota_exceeded', { quota: 'concurrentRuns', limit: 2, retryAfterSeconds: 10 })
    const runs = await run(['repos', 'add', 'a/b'], {}, [quota])
    expect(runs.code).toBe(5)
    expect(runs.err).toContain('  quota: runs at once\n  limit: 2\n  retry after: 10 s\n')
  })

  it('is told by the header alone as well', async () => {
    const { err } = await run(['limits'], {}, [refusal('rate_limited', {}, { 'retry-after': '12' })])
    expect(err).toContain('  retry after: 12 s\n')
  })
})
