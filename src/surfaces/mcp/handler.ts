import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isLegacyRequest,
  originValidationResponse,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server'
import { VERSION } from '../../contract/health.ts'
import type { CallRequest } from '../../kernel/call.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { errorEnvelope, TenonError } from '../../kernel/tenon-error.ts'
import { TOOLS } from './tools.ts'

export interface McpOptions {
  readonly caller: Caller
  /** Host names under which this server may be asked for, without port: a rebound name is refused. */
  readonly hosts: readonly string[]
}

/** Answers a request that came from an address. */
export type Mcp = (request: Request, address: string) => Promise<Response>

/**
 * Where a tool call has its idempotency key: among what is said about the one call, since an HTTP header would stand
 * for every call of the request.
 */
const IDEMPOTENCY_KEY = 'tenon/idempotencyKey'

/** Who asks, from where, for how long: all of a call but what is asked. */
type From = Omit<CallRequest, 'input' | 'idempotencyKey'>

/** MCP over Streamable HTTP, both protocol eras, one server per request and no state between them. */
export function createMcp({ caller, hosts }: McpOptions): Mcp {
  const modern = createMcpHandler(({ authInfo }) => serverFor(caller, fromOf(authInfo)), { legacy: 'reject' })
  return async (request, address) => {
    const refused = hostHeaderValidationResponse(request, [...hosts]) ?? originValidationResponse(request, [...hosts])
    if (refused !== undefined) return refused
    const requestId = requestIdFrom(request.headers.get('x-request-id'))
    const apiKey = apiKeyOf(request)
    // Without a key nothing is told, not even the list of tools; a wrong key is refused by each call.
    if (apiKey === undefined) return unauthenticated(requestId)
    const from: From = { credentials: { apiKey }, requestId, signal: request.signal, address }
    if (await isLegacyRequest(request.clone())) return serveLegacy(request, serverFor(caller, from))
    const authInfo = { token: apiKey, clientId: '', scopes: [], extra: { from } }
    return modern.fetch(request, { authInfo })
  }
}

/** What this module has put in, handed through by the library. */
function fromOf(authInfo: { readonly extra?: Record<string, unknown> } | undefined): From {
  const from = authInfo?.extra?.['from']
  if (from === undefined) throw new Error('a request without a caller')
  return from as From
}

async function serveLegacy(request: Request, server: Server): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  return transport.handleRequest(request)
}

function serverFor(caller: Caller, from: From): Server {
  const server = new Server(
    { name: 'tenon', title: 'Tenon', version: VERSION },
    {
      capabilities: { tools: {} },
      instructions:
        'Answers questions about the code of the git repositories that this organisation has indexed: search_code for text and symbols, get_file to read, search_dependencies for who imports what, analyze_change_impact for what an edit can break and which tests to run, validate_implementation_spec for a plan before it is carried out. list_repositories tells the names.',
    },
  )
  server.setRequestHandler('tools/list', () => ({ tools: [...TOOLS.values()].map(({ tool }) => tool) }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args = {}, _meta } }) => {
    const found = TOOLS.get(name)
    if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool')
    const idempotencyKey = idempotencyKeyOf(_meta)
    const outcome = await caller.call(found.operation, { ...from, input: found.split(args), idempotencyKey })
    const envelope = outcome.envelope as unknown as Record<string, unknown>
    return {
      content: [{ type: 'text', text: JSON.stringify(envelope) }],
      structuredContent: envelope,
      ...(outcome.ok ? {} : { isError: true }),
    }
  })
  return server
}

/** What is no text is passed on as an empty one, which the kernel refuses with the other mistakes of the call. */
function idempotencyKeyOf(meta: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const key = meta?.[IDEMPOTENCY_KEY]
  return typeof key === 'string' || key === undefined ? key : ''
}

function apiKeyOf({ headers }: Request): string | undefined {
  return /^Bearer\s+(\S+)\s*$/i.exec(headers.get('authorization') ?? '')?.[1] ?? headers.get('x-api-key') ?? undefined
}

function unauthenticated(requestId: string): Response {
  return Response.json(errorEnvelope(new TenonError('unauthenticated'), requestId), {
    status: 401,
    headers: { 'www-authenticate': 'Bearer', 'x-request-id': requestId },
  })
}
