import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isJsonContentType,
  isLegacyRequest,
  originValidationResponse,
  ProtocolErrorCode,
  readRequestBody,
  WebStandardStreamableHTTPServerTransport,
  type Server,
} from '@modelcontextprotocol/server'
import { apiKeyIn } from '../../kernel/credential.ts'
import { parseJson } from '../../kernel/parse-json.ts'
import { refusalHeaders } from '../../kernel/refusal-headers.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { MCP_REQUEST, REFUSED, serverFor, type Asking, type Gate } from './server.ts'
import type { From, McpTool } from './tool.ts'
import { operationTools } from './tools.ts'

export type McpOptions = {
  /** Host names under which this server may be asked for, without port: a rebound name is refused. */
  readonly hosts: readonly string[]
  /** Where clients reach this server, without a path. */
  readonly publicUrl: string
  readonly log: Log
} & (
  | { readonly caller: Caller }
  /** Other tools than those of the contract. */
  | { readonly caller: Gate; readonly tools: readonly McpTool[] }
)

/** Answers a request that came from an address. */
export type Mcp = (request: Request, address: string) => Promise<Response>

/** MCP over Streamable HTTP, both protocol eras, one server per request and no state between them. */
export function createMcp(options: McpOptions): Mcp {
  const { caller, hosts, publicUrl, log } = options
  const list = 'tools' in options ? options.tools : operationTools(options.caller)
  const tools = new Map(list.map((tool) => [tool.tool.name, tool]))
  const modern = createMcpHandler(({ authInfo }) => serverFor(caller, tools, askingOf(authInfo)), { legacy: 'reject' })
  const answer = async (request: Request, asking: Asking): Promise<Response> => {
    if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
    const body = await bodyOf(request)
    if (body instanceof Response) return body
    const { parsedBody } = body
    if (await isLegacyRequest(request, parsedBody)) {
      const streams = [parsedBody].flat().some((message) => asksForProgress(message, tools))
      return serveLegacy(request, serverFor(caller, tools, asking), { parsedBody, streams })
    }
    return modern.fetch(request, { parsedBody, authInfo: { token: '', clientId: '', scopes: [], extra: { asking } } })
  }
  return async (request, address) => {
    const refused = hostHeaderValidationResponse(request, [...hosts]) ?? originValidationResponse(request, [...hosts])
    if (refused !== undefined) return refused
    const requestId = requestIdFrom(request.headers.get('x-request-id'))
    const apiKey = apiKeyIn((name) => request.headers.get(name))
    const org = request.headers.get('x-tenon-org') ?? undefined
    const from: From = { credentials: { apiKey }, org, requestId, signal: request.signal, address }
    // Nothing is told to nobody, not even the list of tools, and nothing that they send is read.
    const admitted = await caller.admit(MCP_REQUEST, from, { counted: false })
    const response = admitted.ok
      ? await answer(request, { from, scopes: admitted.principal.scopes, log })
      : Response.json(admitted.envelope, {
          status: admitted.status,
          headers: refusalHeaders(admitted.envelope, publicUrl, '/mcp'),
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

/** What was posted, read and parsed once for all who look at it; or why nobody does. */
async function bodyOf(request: Request): Promise<{ readonly parsedBody: unknown } | Response> {
  if (!isJsonContentType(request.headers.get('content-type')))
    return unread(415, REFUSED, 'Unsupported Media Type: Content-Type must be application/json')
  try {
    const body = await readRequestBody(request)
    if (body.tooLarge) return unread(413, REFUSED, 'Payload Too Large: at most 4 MiB')
    return { parsedBody: parseJson(body.text) }
  } catch {
    // Why it is none is for its sender to find out; a body that ends in the middle is none either.
    return unread(400, ProtocolErrorCode.ParseError, 'Parse error: Invalid JSON')
  }
}

function unread(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status })
}

/** An answer is JSON, unless it belongs to a call that says how far it has come to a caller who asks for that. */
async function serveLegacy(
  request: Request,
  server: Server,
  { parsedBody, streams }: { readonly parsedBody: unknown; readonly streams: boolean },
): Promise<Response> {
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: !streams })
  await server.connect(transport)
  return transport.handleRequest(request, { parsedBody })
}

function asksForProgress(message: unknown, tools: ReadonlyMap<unknown, McpTool>): boolean {
  const { method, params } = (message ?? {}) as { method?: unknown; params?: unknown }
  const { name, _meta: meta } = (params ?? {}) as { name?: unknown; _meta?: { progressToken?: unknown } | null }
  return method === 'tools/call' && meta?.progressToken !== undefined && tools.get(name)?.progresses === true
}
