import { ProtocolError, ProtocolErrorCode, Server, type ServerContext } from '@modelcontextprotocol/server'
import { VERSION } from '../../contract/health.ts'
import { ERRORS } from '../../contract/errors.ts'
import { defineOperation } from '../../contract/operation.ts'
import type { Scope } from '../../contract/scopes.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Caller } from '../../kernel/run-operation.ts'
import { z } from 'zod'
import { instructionsFor } from './instructions.ts'
import type { From, McpTool } from './tool.ts'

/** What the protocol asks for beside tool calls: by this name it stands in the log and the audit trail. */
export const MCP_REQUEST = defineOperation({
  name: 'mcp.request',
  summary: 'Speak MCP',
  description: 'A request of the protocol that is no call of a tool.',
  method: 'GET',
  path: '/mcp',
  auth: 'key',
  scope: null,
  tx: 'none',
  output: z.null(),
  idempotent: true,
  surfaces: { mcp: { absent: 'it is MCP itself' }, cli: { absent: 'it is MCP itself' } },
})

export type Gate = Pick<Caller, 'admit'>

export interface Asking {
  readonly from: From
  readonly scopes: readonly Scope[]
  readonly log: Log
}

/** The code of what is refused before any tool is called; of JSON-RPC's range for servers. */
export const REFUSED = -32_000

/**
 * Where a tool call has its idempotency key: among what is said about the one call, since an HTTP header would stand
 * for every call of the request.
 */
const IDEMPOTENCY_KEY = 'tenon/idempotencyKey'

/** A server for one request of one caller: it keeps nothing. */
export function serverFor(gate: Gate, tools: ReadonlyMap<string, McpTool>, { from, scopes, log }: Asking): Server {
  const listed = [...tools.values()].filter(({ scope }) => scope === null || scopes.includes(scope))
  const instructions = instructionsFor(new Set(listed.map(({ tool }) => tool.name)))
  const server = new Server(
    { name: 'tenon', title: 'Tenon', version: VERSION },
    { capabilities: { tools: {} }, ...(instructions === undefined ? {} : { instructions }) },
  )
  server.setRequestHandler('tools/list', async () => {
    await countList(gate, from)
    return { tools: listed.map(({ tool }) => tool) }
  })
  server.setRequestHandler('tools/call', async ({ params: { name, arguments: args = {}, _meta } }, { mcpReq }) => {
    const found = tools.get(name)
    if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'Unknown tool')
    const signal = AbortSignal.any([from.signal, mcpReq.signal])
    const progress = found.progresses ? progressTo(mcpReq) : undefined
    try {
      return await found.call(args, { ...from, signal, idempotencyKey: idempotencyKeyOf(_meta), progress })
    } catch (error) {
      // The library would tell the caller the text of whatever is thrown.
      log.error({ err: error, requestId: from.requestId, tool: name }, 'a tool has failed')
      throw new ProtocolError(ProtocolErrorCode.InternalError, ERRORS.internal.message, { requestId: from.requestId })
    }
  })
  return server
}

/** Like any other operation, it is one call of the organisation. */
async function countList(gate: Gate, from: From): Promise<void> {
  const admitted = await gate.admit(MCP_REQUEST, from, { counted: true })
  if (admitted.ok) return
  const { code, message, details, requestId } = admitted.envelope.error
  throw new ProtocolError(REFUSED, message, { code, ...details, requestId })
}

/** The protocol wants each progress to be more than the one before. */
function progressTo({ _meta, notify }: ServerContext['mcpReq']): From['progress'] {
  const progressToken = _meta?.progressToken
  if (progressToken === undefined) return undefined
  let last = -1
  return ({ done, total, message }) => {
    if (done <= last) return
    last = done
    const params = { progressToken, progress: done, message, ...(total === undefined ? {} : { total }) }
    // Whoever does not listen any more has left; the call itself learns of it by its signal.
    notify({ method: 'notifications/progress', params }).catch(() => {})
  }
}

/** What is no text is passed on as an empty one, which the kernel refuses with the other mistakes of the call. */
function idempotencyKeyOf(meta: Readonly<Record<string, unknown>> | undefined): string | undefined {
  const key = meta?.[IDEMPOTENCY_KEY]
  return typeof key === 'string' || key === undefined ? key : ''
}
