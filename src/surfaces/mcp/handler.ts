import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  originValidationResponse,
  readRequestBody,
  WebStandardStreamableHTTPServerTransport,
  type Server,
} from '@modelcontextprotocol/server'
import { challengeOf } from '../../kernel/challenge.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Admission, Caller } from '../../kernel/run-operation.ts'
import { MCP_REQUEST, serverFor, type Asking, type Gate } from './server.ts'
import type { From, McpTool } from './tool.ts'
import { operationTools } from './tools.ts'

export type McpOptions = {
  /** Host names under which this server may be asked for, without port: a rebound name is refused. */
  readonly hosts: readonly string[]
  /** Where clients reach this server, without a path. */
  readonly publicUrl: string
} & (
  | { readonly caller: Caller }
  /** Other tools than those of the contract. */
  | { readonly caller: Gate; readonly tools: readonly McpTool[] }
)

/** Answers a request that came from an address. */
export type Mcp = (request: Request, address: string) => Promise<Response>

/** MCP over Streamable HTTP, both protocol eras, one server per request and no state between them. */
export function createMcp(options: McpOptions): Mcp {
  const { caller, hosts, publicUrl } = options
  const list = 'tools' in options ? options.tools : operationTools(options.caller)
  const tools = new Map(list.map((tool) => [tool.tool.name, tool]))
  const modern = createMcpHandler(({ authInfo }) => serverFor(caller, tools, askingOf(authInfo)), { legacy: 'reject' })
  return async (request, address) => {
    const refused = hostHeaderValidationResponse(request, [...hosts]) ?? originValidationResponse(request, [...hosts])
    if (refused !== undefined) return refused
    const requestId = requestIdFrom(request.headers.get('x-request-id'))
    const apiKey = apiKeyOf(request)
    const from: From = { credentials: { apiKey }, requestId, signal: request.signal, address }
    // Nothing is told to nobody, not even the list of tools.
    const admitted = await caller.admit(MCP_REQUEST, from, { counted: false })
    if (!admitted.ok) return refusal(admitted, requestId, publicUrl)
    const asking: Asking = { from, scopes: admitted.principal.scopes }
    const response = (await isLegacyRequest(request))
      ? await serveLegacy(request, serverFor(caller, tools, asking), tools)
      : await modern.fetch(request, {
          authInfo: { token: apiKey ?? '', clientId: '', scopes: [], extra: { asking } },
        })
    response.headers.set('x-request-id', requestId)
    return response
  }
}

/** What this module has put in, handed through by the library. */
function askingOf(authInfo: { readonly extra?: Record<string, unknown> } | undefined): Asking {
  const asking = authInfo?.extra?.['asking']
  if (asking === undefined) throw new Error('a request without a caller')
  return asking as Asking
}

/** An answer is JSON, unless it belongs to a call that says how far it has come to a caller who asks for that. */
async function serveLegacy(request: Request, server: Server, tools: ReadonlyMap<string, McpTool>): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const parsedBody = await bodyOf(request)
  const streams = [parsedBody].flat().some((message) => asksForProgress(message, tools))
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: !streams })
  await server.connect(transport)
  return transport.handleRequest(request, parsedBody === undefined ? {} : { parsedBody })
}

/** Undefined when it is too long or no JSON, which the transport finds out again and answers. */
async function bodyOf(request: Request): Promise<unknown> {
  try {
    const body = await readRequestBody(request.clone())
    return body.tooLarge ? undefined : JSON.parse(body.text)
  } catch {
    // What is no JSON is refused by the handler itself.
    return undefined
  }
}

function asksForProgress(message: unknown, tools: ReadonlyMap<string, McpTool>): boolean {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: unknown }
  const { name, _meta: meta } = (params ?? {}) as { name?: unknown; _meta?: { progressToken?: unknown } }
  return method === 'tools/call' && meta?.progressToken !== undefined && tools.get(String(name))?.progresses === true
}

function apiKeyOf({ headers }: Request): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? headers.get('x-api-key') ?? undefined
}

function refusal(
  { status, code, envelope }: Admission & { ok: false },
  requestId: string,
  publicUrl: string,
): Response {
  const seconds = envelope.error.details?.['retryAfterSeconds']
  const challenge = challengeOf(publicUrl, code === 'unauthenticated' ? undefined : 'invalid_token', undefined, '/mcp')
  return Response.json(envelope, {
    status,
    headers: {
      'x-request-id': requestId,
      ...(status === 401 ? { 'www-authenticate': challenge } : {}),
      ...(typeof seconds === 'number' ? { 'retry-after': String(seconds) } : {}),
    },
  })
}
