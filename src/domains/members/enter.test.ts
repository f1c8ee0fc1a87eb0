import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Role } from '../../contract/roles.ts'
import { addMember } from '../../../test/support/add-member.ts'
import { startTestNode, type TestNode } from '../../../test/support/node.ts'
import { newPerson, type TestPerson } from '../../../test/support/person.ts'
import { recordSpans } from '../../../test/support/record-spans.ts'
import { nowhere } from '../../../test/support/cli-settings.ts'
import { runCli } from '../../surfaces/cli/index.ts'
import { fetchOn, URL_BASE } from '../../../test/support/surfaces.ts'

let node: TestNode
let ask: typeof fetch
let one: TestPerson
let two: TestPerson
let none: TestPerson

beforeAll(async () => {
  node = await startTestNode()
  ask = fetchOn(node)
  await node.onboard('first')
  await node.onboard('second')
  await node.onboard('foreign')
  one = await newPerson(node, 'one')
  two = await newPerson(node, 'two')
  none = await newPerson(node, 'none')
  await join(one, 'first', 'member')
  await join(two, 'first', 'admin')
  await join(two, 'second', 'viewer')
}, 60_000)
afterAll(() => node.close())

async function join({ id }: TestPerson, slug: string, role: Role): Promise<void> {
  await addMember(node.database, slug, { id, role })
}

interface Answer {
  status: number
  body: { data?: Record<string, unknown>; error?: { code: string } }
}

async function get(path: string, headers: Record<string, string>): Promise<Answer> {
  const response = await ask(`${URL_BASE}${path}`, { headers })
  return { status: response.status, body: (await response.json()) as Answer['body'] }
}

const bearer = ({ session }: TestPerson, org?: string) => ({
  authorization: `Bearer ${session}`,
  ...(org === undefined ? {} : { 'x-tenon-org': org }),
})
const cookie = ({ session }: TestPerson) => ({ cookie: `tenon_session=${encodeURIComponent(session)}` })

describe('a person over REST', () => {
  for (const [how, headers] of [
    ['by a bearer', (who: TestPerson) => bearer(who)],
    ['by a cookie', cookie],
  ] as const) {
    it(`enters the organisations that are theirs, and no other: ${how}`, async () => {
      expect((await get('/v1/members/first', headers(one))).status).toBe(200)
      for (const named of ['second', 'foreign', 'nobodys']) {
        const { status, body } = await get(`/v1/members/${named}`, headers(one))
        expect([named, status, body.error?.code]).toEqual([named, 404, 'not_found'])
      }
    })
  }

  it('by a cookie changes something only from a page of this server', async () => {
    const post = (headers: Record<string, string>) =>
      ask(`${URL_BASE}/v1/api-keys/first`, {
        method: 'POST',
        body: JSON.stringify({ name: 'from a page' }),
        headers: { ...cookie(two), 'content-type': 'application/json', ...headers },
      })
    expect((await post({ origin: 'https://evil.example' })).status).toBe(401)
    expect((await post({})).status).toBe(401)
    expect((await post({ origin: URL_BASE })).status).toBe(201)
  })
})

describe('a call of a person', () => {
  it('is let in by two statements and no transaction: whose session it is, and what they enter', async () => {
    for (const path of ['/v1/members/second', '/v1/me']) {
      const spans = await recordSpans(async () => {
        expect((await get(path, bearer(two, 'second'))).status).toBe(200)
      })
      const names = spans.map(({ name }) => name).filter((name) => /^[a-z]+\.[a-zA-Z]+$/.test(name))
      const asked = names.slice(
        0,
        names.findIndex((name) => name.startsWith('limits.')),
      )
      expect(asked).toEqual(['accounts.session', 'members.entrances'])
    }
  })
})

describe('who calls', () => {
  it('is told with their only organisation, role, plan and credits', async () => {
    const { body } = await get('/v1/me', bearer(one))
    expect(body.data).toMatchObject({
      user: { id: one.id, email: 'one@example.com', name: 'one', twoFactor: false },
      org: { slug: 'first' },
      role: 'member',
      plan: 'team',
      credits: { available: expect.any(Number) as number, reserved: 0 },
      organizations: [{ slug: 'first', role: 'member' }],
      apiKey: null,
      token: null,
    })
  })

  it('of several organisations is told of the one that X-Tenon-Org names, by slug or id', async () => {
    const { body } = await get('/v1/me', bearer(two))
    expect(body.data).toMatchObject({
      org: null,
      role: null,
      plan: null,
      credits: null,
      organizations: [
        { slug: 'first', role: 'admin' },
        { slug: 'second', role: 'viewer' },
      ],
    })
    const theirs = body.data?.['organizations'] as { id: string }[] | undefined
    const second = theirs?.[1]?.id ?? ''
    for (const named of ['second', second])
      expect((await get('/v1/me', bearer(two, named))).body.data).toMatchObject({
        org: { slug: 'second' },
        role: 'viewer',
      })
    for (const named of ['foreign', 'nobodys', '', 'x'.repeat(200)])
      expect((await get('/v1/me', bearer(two, named))).body.data).toMatchObject({ org: null, role: null })
  })

  it('without any organisation is told so', async () => {
    expect((await get('/v1/me', bearer(none))).body.data).toMatchObject({ org: null, organizations: [] })
  })

  it('is no longer told of an organisation that was closed', async () => {
    await node.onboard('closing')
    const gone = await newPerson(node, 'gone')
    await join(gone, 'closing', 'owner')
    expect((await get('/v1/members/closing', bearer(gone))).status).toBe(200)
    await node.database.query("update organizations set closed_at = now() where slug = 'closing'")
    expect((await get('/v1/members/closing', bearer(gone))).status).toBe(404)
    expect((await get('/v1/me', bearer(gone))).body.data).toMatchObject({ org: null, organizations: [] })
  })
})

describe('a person on the command line', () => {
  async function tenon(who: TestPerson, ...argv: string[]): Promise<{ code: number; out: string; err: string }> {
    let [out, err] = ['', '']
    const settings = {
      url: URL_BASE,
      apiKey: who.session,
      org: undefined,
      fetch: ask,
      out: (text: string) => void (out += text),
      err: (text: string) => void (err += text),
      isTerminal: false,
      colors: false,
      width: 80,
      confirm: async () => false,
      input: async () => '',
      ...nowhere,
    }
    return { code: await runCli(argv, settings, []), out, err }
  }

  it('of several organisations is asked to name one, and of one is not', async () => {
    const unnamed = await tenon(two, 'members', 'list')
    expect(unnamed).toMatchObject({ code: 2, out: '' })
    expect(unnamed.err).toContain('--org')
    expect(await tenon(two, 'members', 'list', '--org', 'second')).toMatchObject({ code: 0 })
    expect((await tenon(one, 'members', 'list')).out).toContain('one@example.com')
    expect((await tenon(two, 'me')).out).toContain('Name one of them with --org.')
  })
})

describe('a person over MCP', () => {
  async function toolsOf(headers: Record<string, string>): Promise<string[]> {
    const client = new Client({ name: 'test', version: '1' })
    await client.connect(
      new StreamableHTTPClientTransport(new URL('/mcp', URL_BASE), { fetch: ask, requestInit: { headers } }),
    )
    const { tools } = await client.listTools()
    await client.close()
    return tools.map(({ name }) => name)
  }

  it('sees the tools of their role in the organisation that is named', async () => {
    expect(await toolsOf(bearer(one))).toContain('create_project')
    expect(await toolsOf(bearer(two, 'first'))).toContain('create_project')
    const asViewer = await toolsOf(bearer(two, 'second'))
    expect(asViewer).toContain('search_code')
    expect(asViewer).not.toContain('create_project')
    expect(await toolsOf(bearer(two))).not.toContain('search_code')
  })

  it('is nobody by a cookie, which any page could have a browser send', async () => {
    const response = await ask(`${URL_BASE}/mcp`, {
      method: 'POST',
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list' }),
      headers: {
        ...cookie(one),
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      },
    })
    expect(response.status).toBe(401)
  })
})
