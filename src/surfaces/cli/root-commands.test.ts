import { describe, expect, it } from 'vitest'
import { unheard } from '../../../test/support/cli-settings.ts'
import { EXIT } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { isAbsent } from '../../contract/operation.ts'
import { runCli } from './program.ts'
import type { CliSettings } from './settings.ts'

const DEMO = { url: 'http://127.0.0.1:7420', apiKey: 'tn_live_demo', org: 'demo', rootKey: 'root-of-the-demo' }
const MADE = {
  org: { id: 'org_01jd2m5x8qf3v7w9y0z1a2b3c4', slug: 'acme', name: 'Acme Ltd', createdAt: '2026-01-01T00:00:00.000Z' },
  plan: 'free',
  apiKey: { id: 'key_01jd2m5x8qf3v7w9y0z1a2b3c4', secret: 'tn_live_secret' },
}

async function run(argv: readonly string[], more: Partial<CliSettings> = {}, data: unknown = MADE) {
  const sent: { path: string; method: string; root: string | null; key: string | null; body: unknown }[] = []
  let out = ''
  let err = ''
  const code = await runCli(
    argv,
    {
      ...unheard,
      url: DEMO.url,
      apiKey: undefined,
      rootKey: undefined,
      org: undefined,
      demo: DEMO,
      out: (text) => (out += text),
      err: (text) => (err += text),
      fetch: async (input, init) => {
        const request = new Request(input, init)
        const { headers, method } = request
        const path = new URL(request.url).pathname
        const [root, key] = [headers.get('x-root-key'), headers.get('authorization')]
        sent.push({ path, method, root, key, body: await request.json().catch(() => null) })
        return Response.json({ data })
      },
      ...more,
    },
    [],
  )
  return { code, sent, out, err }
}

describe('commands for the operator', () => {
  it('send the root key of the environment and no API key', async () => {
    const { code, sent, out } = await run(['orgs', 'onboard', 'acme', '--name', 'Acme Ltd'], {
      rootKey: 'root-of-the-environment',
      apiKey: 'tn_live_own',
    })
    expect(code).toBe(0)
    expect(sent).toEqual([
      {
        path: '/v1/organizations/onboard',
        method: 'POST',
        root: 'root-of-the-environment',
        key: null,
        body: { slug: 'acme', name: 'Acme Ltd' },
      },
    ])
    expect(out).toMatch(/^tn_live_secret\n\nThis is its first key[^]*\norganisation +Acme Ltd \(acme\)\n/)
  })

  it('send that of the demo to the server of the demo alone', async () => {
    const command = ['orgs', 'onboard', 'acme', '--name', 'Acme', '--quiet']
    const own = await run(command)
    expect(own.sent).toMatchObject([{ root: DEMO.rootKey }])
    expect(own.out).toBe('tn_live_secret\n')
    const other = await run([...command, '--url', 'https://elsewhere.example'])
    expect(other.sent).toEqual([])
    expect(other.code).toBe(EXIT.refused)
    expect(other.err).toContain('No root key was found')
    expect(other.err).toContain('TENON_ROOT_KEY')
    const none = await run(['--json', ...command.slice(0, -1)], { demo: null })
    expect(JSON.parse(none.out)).toMatchObject({ error: { code: 'root_key_missing' } })
  })

  it('name the organisation that they are about', async () => {
    const limits = { plan: 'solo', operatorPlan: 'solo', subscribedPlan: null, limits: {}, used: {} }
    const answer = { ...limits, overridden: [], over: [], resetsAt: { hour: '', day: '' } }
    const command = ['orgs', 'set-limits', 'acme', '--plan', 'solo', '--seats', '4', '--no-repositories']
    const { sent } = await run(command, {}, answer)
    expect(sent).toMatchObject([
      { path: '/v1/limits/acme', method: 'PATCH', body: { plan: 'solo', seats: 4, repositories: null } },
    ])
  })

  it('of an organisation want it named where nothing else does', async () => {
    const { code, sent, err } = await run(['findings', 'resolve', 'finding_01jd2m5x8qf3v7w9y0z1a2b3c4'], {
      demo: null,
      rootKey: 'root-of-the-environment',
    })
    expect([code, sent]).toEqual([EXIT.usage, []])
    expect(err).toContain('--org')
  })

  it('are all that the contract has for the operator', () => {
    const commands = OPERATIONS.filter(({ auth }) => auth === 'root').flatMap(({ surfaces: { cli } }) =>
      isAbsent(cli) ? [] : [cli.command],
    )
    expect(commands).toEqual(expect.arrayContaining(['orgs onboard', 'orgs set-limits']))
  })
})

describe('deleting an organisation', () => {
  it('asks first, says what happens, and sends the slug', async () => {
    const answer = {
      id: MADE.org.id,
      slug: 'acme',
      closedAt: '2026-01-01T00:00:00.000Z',
      deletedAfter: '2026-01-31T00:00:00.000Z',
    }
    const asked: string[] = []
    const confirm = async (question: string): Promise<boolean> => {
      asked.push(question)
      return asked.length > 1
    }
    const first = await run(['orgs', 'delete', 'acme'], { isTerminal: true, confirm }, answer)
    expect(first.sent).toEqual([])
    expect(asked).toEqual(['Delete the organisation: acme?'])
    const second = await run(['orgs', 'delete', 'acme'], { isTerminal: true, confirm }, answer)
    expect(second.sent).toMatchObject([{ method: 'DELETE', path: '/v1/organizations/demo', root: null }])
    expect(second.out).toContain('deleted after 2026-01-31')
    expect((await run(['orgs', 'delete', 'acme'], {}, answer)).code).toBe(EXIT.usage)
  })
})
