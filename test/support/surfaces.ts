import { Client, SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { nowhere } from './cli-settings.ts'
import { ERRORS, type ErrorEnvelope } from '../../src/contract/errors.ts'
import {
  fieldsOf,
  isAbsent,
  type CliSurface,
  type Envelope,
  type McpSurface,
  type Operation,
} from '../../src/contract/operation.ts'
import { runCli } from '../../src/surfaces/cli/index.ts'
import { createMcp } from '../../src/surfaces/mcp/index.ts'
import { createRestApp } from '../../src/surfaces/rest/index.ts'
import { silentLog } from './database.ts'
import { ROOT_KEY, type TestNode } from './node.ts'

export const URL_BASE = 'http://127.0.0.1'
export const REQUEST_ID = 'request-of-a-test'
type Fields = Readonly<Record<string, unknown>>

/** What came out of a surface: the text as a program gets it, and what it says of the outcome beside it. */
export interface Raw {
  readonly surface: 'rest' | 'mcp' | 'cli'
  readonly text: string
  /** HTTP status and headers, `isError`, or the exit code. */
  readonly around: unknown
}
export type Answer = Envelope | ErrorEnvelope

type Ask = (input: Fields) => Promise<Raw>

/** One node on all its surfaces, as the holder of one key. */
export interface Surfaces {
  /** How the operation is asked for, on each surface that it stands on. */
  of(operation: Operation): readonly Ask[]
  /** On every surface that the operation stands on; the input is asked for anew for each. */
  call(operation: Operation, input: () => Fields | Promise<Fields>): Promise<Raw[]>
}

/** Of several fields that may each be left out, the one that is given. */
const ONE_OF: Readonly<Record<string, string>> = {
  'search.code': 'q',
  'dependencies.search': 'path',
  'impact.analyze': 'files',
  'billing.checkout': 'plan',
}

/** What a call has to give. */
export function requiredFields(operation: Operation): string[] {
  const required = [...fieldsOf(operation)].flatMap(([field, part]) => {
    const schema = operation[part].shape[field] as unknown as { safeParse(value: unknown): { success: boolean } }
    return schema.safeParse(undefined).success ? [] : [field]
  })
  const chosen = ONE_OF[operation.name]
  return chosen === undefined ? required : [...required, chosen]
}

/** `fetch` that reaches the REST surface of a node, and MCP beside it, without a socket. */
export function fetchOn(node: TestNode): typeof fetch {
  const mcp = createMcp({ caller: node.caller, log: silentLog, hosts: ['127.0.0.1'], publicUrl: URL_BASE })
  const rest = { log: silentLog, checks: {}, publicUrl: URL_BASE, trustedProxies: [], mcp }
  const app = createRestApp({ caller: node.caller, ...rest })
  return async (input: Request | URL | string, init?: RequestInit) => {
    const request = new Request(input, init)
    request.headers.set('host', '127.0.0.1')
    request.headers.set('x-request-id', REQUEST_ID)
    return app.request(request)
  }
}

export function surfacesOf(node: TestNode, org: { readonly apiKey: string; readonly slug: string }): Surfaces {
  const as = { ...org, fetch: fetchOn(node) }
  const of = (operation: Operation): Ask[] => {
    const { cli, mcp: tool } = operation.surfaces
    const asks: Ask[] = [(input) => byRest(as, operation, input)]
    if (!isAbsent(tool)) asks.push((input) => byMcp(as, tool, { ...restDefaults(operation, tool), ...input }))
    if (!isAbsent(cli)) asks.push((input) => byCli(as, operation, input))
    return asks
  }
  return {
    of,
    call: async (operation, input) => {
      const answers: Raw[] = []
      for (const ask of of(operation)) answers.push(await ask(await input()))
      return answers
    },
  }
}

interface As {
  readonly apiKey: string
  readonly slug: string
  readonly fetch: typeof fetch
}

async function byRest({ apiKey, fetch: fetchApp }: As, operation: Operation, input: Fields): Promise<Raw> {
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
    headers: { authorization: `Bearer ${apiKey}`, 'x-root-key': ROOT_KEY, 'content-type': 'application/json' },
    ...(hasBody ? { body: JSON.stringify(body) } : {}),
  })
  const text = await response.text()
  const answer = JSON.parse(text) as Answer
  const status = 'error' in answer ? ERRORS[answer.error.code].httpStatus : operation.status
  if (response.status !== status) throw new Error(`${operation.name} answers ${response.status}: ${text}`)
  // How much is left of the limits differs from call to call, and is the caller's own.
  const headers = [...response.headers].map(([name, value]) => (name.startsWith('ratelimit-') ? name : [name, value]))
  return { surface: 'rest', text, around: { status, headers } }
}

/** An agent asks for fewer entries by default, and gets the same when it asks for as many. */
function restDefaults({ query }: Operation, { defaults = {} }: McpSurface): Fields {
  const limit = query.shape['limit'] as unknown as { parse(value: unknown): unknown } | undefined
  return 'limit' in defaults && limit !== undefined ? { limit: limit.parse(undefined) } : {}
}

async function byMcp({ apiKey, fetch: fetchApp }: As, { tool }: McpSurface, input: Fields): Promise<Raw> {
  const client = new Client({ name: 'parity', version: '1' })
  const headers = { authorization: `Bearer ${apiKey}` }
  const url = new URL('/mcp', URL_BASE)
  try {
    await client.connect(new StreamableHTTPClientTransport(url, { fetch: fetchApp, requestInit: { headers } }))
  } catch (error) {
    // Who has no key is told nothing, not even how to speak.
    if (!(error instanceof SdkHttpError) || typeof error.data.text !== 'string') throw error
    return { surface: 'mcp', text: error.data.text, around: { status: error.status } }
  }
  const result = await client.callTool({ name: tool, arguments: input })
  await client.close()
  const [content] = result.content as [{ type: string; text: string }]
  const isError = Object.hasOwn(result.structuredContent ?? {}, 'error')
  if (JSON.stringify(result.structuredContent) !== content.text) throw new Error(`${tool} answers two things`)
  if ((result.isError ?? false) !== isError) throw new Error(`${tool} does not say whether it failed`)
  return { surface: 'mcp', text: content.text, around: { isError } }
}

async function byCli({ apiKey, slug, fetch: fetchApp }: As, operation: Operation, input: Fields): Promise<Raw> {
  const { cli } = operation.surfaces
  if (isAbsent(cli)) throw new Error(`${operation.name} has no command`)
  const { command, args = [], flag } = cli
  const options = Object.entries(input).flatMap(([name, value]) =>
    name === 'org' || args.includes(name)
      ? []
      : [`--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`, textOf(value)],
  )
  const argv = [
    ...command.split(' '),
    ...args.map((arg) => (arg === cli.file ? '-' : String(input[arg]))),
    ...(flag === undefined ? [] : [`--${flag.name}`]),
    ...options,
    '--json',
    '--org',
    typeof input['org'] === 'string' ? input['org'] : slug,
    ...(operation.destructive ? ['--yes'] : []),
  ]
  let text = ''
  const settings = {
    url: URL_BASE,
    apiKey,
    rootKey: ROOT_KEY,
    org: slug,
    fetch: fetchApp,
    out: (part: string) => (text += part),
    err: () => {},
    isTerminal: false,
    colors: false,
    width: 80,
    confirm: async () => false,
    input: async () => (cli.file === undefined ? '' : textOf(input[cli.file])),
    ...nowhere,
  }
  const exitCode = await runCli(argv, settings, [])
  const answer = JSON.parse(text) as Answer
  const expected = 'error' in answer ? ERRORS[answer.error.code].exitCode : failsWith(answer.data, cli) ? 1 : 0
  if (exitCode !== expected) throw new Error(`${command} ends with ${exitCode}: ${text}`)
  return { surface: 'cli', text, around: { exitCode } }
}

/** An answer that makes its command fail. */
function failsWith(data: unknown, { failsOn }: CliSurface): boolean {
  return failsOn !== undefined && (data as Fields)[failsOn.field] === failsOn.value
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
