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
import { requestIdFrom } from '../../kernel/request-id.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { errorEnvelope, TenonError } from '../../kernel/tenon-error.ts'
import { TOOLS } from './tools.ts'

export interface McpOptions {
  readonly caller: Caller
  /** Host names under which this server may be asked for, without port: a rebound name is refused. */
  readonly hosts: readonly string[]
}

/** MCP over Streamable HTTP, both protocol eras, answers in JSON, one server per request and no state between them. */
export function createMcp({ caller, hosts }: McpOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const refused = hostHeaderValidationResponse(request, [...hosts]) ?? originValidationResponse(request, [...hosts])
    if (refused !== undefined) return refused
    const requestId = requestIdFrom(request.headers.get('x-request-id'))
    const apiKey = apiKeyOf(request)
    // Without a key nothing is told, not even the list of tools; a wrong key is refused by each call.
    if (apiKey === undefined) return unauthenticated(requestId)
    const makeServer = (): Server => serverFor({ caller, apiKey, requestId, signal: request.signal })
    if (await isLegacyRequest(request.clone())) return serveLegacy(request, makeServer())
    return createMcpHandler(makeServer, { legacy: 'reject', responseMode: 'json' }).fetch(request)
  }
}

async function serveLegacy(request: Request, server: Server): Promise<Response> {
  if (request.method !== 'POST') return new Response(null, { status: 405, headers: { allow: 'POST' } })
  const transport = new WebStandardStreamableHTTPServerTransport({ enableJsonResponse: true })
  await server.connect(transport)
  return transport.handleRequest(request)
}

function serverFor(call: { caller: Caller; apiKey: string; requestId: string; signal: AbortSignal }): Server {
  const server = new Server(
    { name: 'tenon', title: 'Tenon', version: VERSION },
    {
      capabilities: { tools: {} },
      instructions: 'Searches the code of the git repositories that this organisation has indexed.',
    },
  )
  server.setRequestHandler('tools/list', () => ({ tools: [...TOOLS.values()].map(({ tool }) => tool) }))
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args = {} } }) => {
    const found = TOOLS.get(name)
    if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool')
    const { caller, apiKey, requestId, signal } = call
    const outcome = await caller.call(found.operation, {
      credentials: { apiKey },
      input: found.split(args),
      requestId,
      signal,
    })
    const envelope = outcome.envelope as unknown as Record<string, unknown>
    return {
      content: [{ type: 'text', text: JSON.stringify(envelope) }],
      structuredContent: envelope,
      ...(outcome.ok ? {} : { isError: true }),
    }
  })
  return server
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
