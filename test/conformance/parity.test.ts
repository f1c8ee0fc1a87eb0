import { join } from 'node:path'
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ERRORS, type ErrorEnvelope } from '../../src/contract/errors.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import { fieldsOf, isAbsent, type Envelope, type Operation } from '../../src/contract/operation.ts'
import { createMcp } from '../../src/surfaces/mcp/index.ts'
import { createRestApp } from '../../src/surfaces/rest/index.ts'
import { runCli } from '../../src/surfaces/cli/index.ts'
import { isEnded } from '../../src/contract/runs.ts'
import { addRepository } from '../../src/contract/code.ts'
import { getRun } from '../../src/contract/runs.ts'
import { makeRepository } from '../support/git-repository.ts'
import { silentLog } from '../support/database.ts'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../support/node.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

/** Walks every operation over every surface that it declares, and compares answers and error codes. */
const folder = temporaryFolder('parity')
const URL_BASE = 'http://127.0.0.1'
let node: TestNode
let org: TestOrg
let app: ReturnType<typeof createRestApp>
let known: Record<string, string>
type Answer = Envelope | ErrorEnvelope

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  const mcp = createMcp({ caller: node.caller, hosts: ['127.0.0.1'] })
  app = createRestApp({ caller: node.caller, log: silentLog, checks: async () => ({}), publicUrl: URL_BASE, mcp })
  org = await node.onboard('parity')
  const source = makeRepository(join(folder.path, 'app'), { a: 'needle\n' })
  const { repository, run } = await org.call(addRepository, { source })
  await waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
  known = { source, repository: repository.id, run: run.id, q: 'needle', name: 'app', slug: 'parity-two' }
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const fetchApp = (async (input: Request | URL | string, init?: RequestInit) => {
  const request = new Request(input, init)
  request.headers.set('host', '127.0.0.1')
  return app.request(request)
}) as typeof fetch

async function byRest(operation: Operation, input: Record<string, unknown>): Promise<Answer> {
  const fields = fieldsOf(operation)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input[name])))
  const url = new URL(path, URL_BASE)
  const body: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(input)) {
    const part = fields.get(name) ?? 'query'
    if (part === 'query') url.searchParams.append(name, String(value))
    if (part === 'body') body[name] = value
  }
  const hasBody = Object.keys(operation.body.shape).length > 0
  const response = await fetchApp(url, {
    method: operation.method,
    headers: { authorization: `Bearer ${org.apiKey}`, 'x-root-key': ROOT_KEY, 'content-type': 'application/json' },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  })
  const answer = (await response.json()) as Answer
  expect(response.status).toBe('error' in answer ? ERRORS[answer.error.code].httpStatus : operation.status)
  return answer
}

async function byMcp(tool: string, args: Record<string, unknown>): Promise<Answer> {
  const client = new Client({ name: 'parity', version: '1' })
  const headers = { authorization: `Bearer ${org.apiKey}` }
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', URL_BASE), { fetch: fetchApp, requestInit: { headers } }),
  )
  const result = await client.callTool({ name: tool, arguments: args })
  await client.close()
  const [content] = result.content as [{ type: string; text: string }]
  expect(JSON.parse(content.text)).toEqual(result.structuredContent)
  expect(result.isError ?? false).toBe(Object.hasOwn(result.structuredContent ?? {}, 'error'))
  return result.structuredContent as Answer
}

async function byCli(
  operation: Operation,
  command: string,
  args: readonly string[],
  input: Record<string, unknown>,
): Promise<Answer> {
  const flags = Object.entries(input).flatMap(([name, value]) =>
    name === 'org' || args.includes(name) ? [] : [`--${name}`, String(value)],
  )
  let out = ''
  const argv = [
    ...command.split(' '),
    ...args.map((arg) => String(input[arg])),
    ...flags,
    '--json',
    '--org',
    typeof input['org'] === 'string' ? input['org'] : org.slug,
    ...(operation.destructive ? ['--yes'] : []),
  ]
  const exitCode = await runCli(
    argv,
    {
      url: URL_BASE,
      apiKey: org.apiKey,
      org: org.slug,
      fetch: fetchApp,
      out: (text) => (out += text),
      err: () => {},
      isTerminal: false,
      colors: false,
      width: 80,
      confirm: async () => false,
    },
    [],
  )
  const answer = JSON.parse(out) as Answer
  expect(exitCode).toBe('error' in answer ? ERRORS[answer.error.code].exitCode : 0)
  return answer
}

const VARYING = ['requestId', 'tookMs', 'secret', 'hint', 'createdAt', 'revokedAt', 'latestRun']
/** Of a run that an operation has just started, and that goes on meanwhile. */
const MOVING = ['status', 'progress', 'startedAt', 'endedAt', 'waiting', 'summary', 'indexedAt']

/** An answer without what differs from call to call. */
function steady(answer: Answer, { status }: Operation): unknown {
  const dropped = status === 202 ? [...VARYING, ...MOVING] : VARYING
  const text = JSON.stringify(answer, (key, value: unknown) => (dropped.includes(key) ? undefined : value))
  return JSON.parse(text.replaceAll(/(?:run|key)_[0-9a-z]{26}/g, 'id'))
}

async function onEverySurface(
  operation: Operation,
  input: Record<string, unknown>,
): Promise<{ surface: string; answer: Answer }[]> {
  const { mcp, cli } = operation.surfaces
  const answers = [{ surface: 'rest', answer: await byRest(operation, input) }]
  if (!isAbsent(mcp)) answers.push({ surface: 'mcp', answer: await byMcp(mcp.tool, input) })
  if (!isAbsent(cli))
    answers.push({ surface: 'cli', answer: await byCli(operation, cli.command, cli.args ?? [], input) })
  return answers
}

/** Valid input of an operation, from what is known. */
function inputOf(operation: Operation): Record<string, unknown> {
  const required = [...fieldsOf(operation)].filter(([field, part]) => {
    const schema = operation[part].shape[field] as unknown as { safeParse(value: unknown): { success: boolean } }
    return !schema.safeParse(undefined).success
  })
  return Object.fromEntries(
    required.map(([field]) => [field, field === 'org' ? org.slug : (known[field] ?? `a-${field}`)]),
  )
}

describe('every operation', () => {
  for (const operation of OPERATIONS.filter(
    ({ destructive, name }) => !destructive && name !== 'organizations.onboard',
  )) {
    it(`${operation.name} gives the same answer on every surface`, async () => {
      const answers = await onEverySurface(operation, inputOf(operation))
      for (const { answer } of answers) expect(answer).toHaveProperty('data')
      for (const { surface, answer } of answers)
        expect([surface, steady(answer, operation)]).toEqual([surface, steady(answers[0]?.answer ?? answer, operation)])
    })
  }

  for (const operation of OPERATIONS.filter(({ params }) => 'org' in params.shape)) {
    it(`${operation.name} gives "not found" for another organisation on every surface`, async () => {
      const answers = await onEverySurface(operation, { ...inputOf(operation), org: 'no-such-org' })
      for (const { surface, answer } of answers)
        expect([surface, 'error' in answer && answer.error.code]).toEqual([surface, 'not_found'])
      for (const { answer } of answers)
        expect(steady(answer, operation)).toEqual(steady(answers[0]?.answer ?? answer, operation))
    })
  }

  for (const operation of OPERATIONS.filter(({ query }) => 'limit' in query.shape)) {
    it(`${operation.name} refuses a limit out of range with the same code on every surface`, async () => {
      const answers = await onEverySurface(operation, { ...inputOf(operation), limit: 5000 })
      for (const { surface, answer } of answers)
        expect([surface, 'error' in answer && answer.error.code]).toEqual([surface, 'validation_failed'])
    })
  }
})
