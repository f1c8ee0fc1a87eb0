import { setTimeout as sleep } from 'node:timers/promises'
import type { Client, RequestOptions } from '@modelcontextprotocol/client'
import {
  ProtocolError,
  ProtocolErrorCode,
  SdkError,
  SdkErrorCode,
  Server,
  type CallToolResult,
  type ServerContext,
} from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { ERRORS, EXIT, type ErrorEnvelope } from '../contract/errors.ts'
import { VERSION } from '../contract/health.ts'
import { TIMEOUTS } from '../contract/timeouts.ts'
import type { Access } from '../surfaces/cli/index.ts'
import { createUpstream, refusalIn, type Upstream } from './mcp-upstream.ts'

/** What the server may need for an answer, and a little for its way. */
const REQUEST_MS = TIMEOUTS.wait + 5_000
/** How long the handshake with a host waits for the server, of which it only wants the instructions. */
const GREETING_MS = 2_000
/** How often a server that was away is looked for. */
const LOOK_MS = 3_000

const FOR_PEOPLE =
  'A host of agents starts this command and talks to it in JSON-RPC; docs/guide/mcp says how. Ctrl-D ends it.\n'

/** `tenon mcp`: hands what a host on this machine asks over stdin to the server, until stdin ends. */
export async function mcpOverStdio(access: Access, fetch: typeof globalThis.fetch): Promise<number> {
  if (process.stdin.isTTY) process.stderr.write(FOR_PEOPLE)
  const upstream = createUpstream(access, fetch)
  const ending = new AbortController()
  const ended = new Promise<void>((resolve) => {
    for (const event of ['end', 'close', 'error']) process.stdin.once(event, () => resolve())
  })
  const handle = serveStdio(async () => {
    const instructions = await instructionsOf(upstream)
    return bridge(upstream, { org: access.org, instructions, ending: ending.signal })
  })
  await ended
  ending.abort()
  await handle.close()
  await upstream.close()
  return EXIT.done
}

interface BridgeOptions {
  /** Undefined for the key's own. */
  readonly org: string | undefined
  readonly instructions: string | undefined
  readonly ending: AbortSignal
}

/** Undefined when the server is away: whoever needs to know that learns of it by the first request. */
async function instructionsOf(upstream: Upstream): Promise<string | undefined> {
  const client = await Promise.race([
    // Said above: the first request tells it.
    upstream.connected().catch(() => undefined),
    sleep(GREETING_MS, undefined, { ref: false }),
  ])
  return client?.getInstructions()
}

function bridge(upstream: Upstream, { org, instructions, ending }: BridgeOptions): Server {
  const server = new Server(
    { name: 'tenon', title: 'Tenon', version: VERSION },
    { capabilities: { tools: { listChanged: true } }, ...(instructions === undefined ? {} : { instructions }) },
  )
  const lookOut = onceBack(upstream, ending, () => server.sendToolListChanged())
  server.setRequestHandler('tools/list', async ({ params }, { mcpReq }) => {
    try {
      const list = (client: Client) =>
        client.request({ method: 'tools/list', ...(params ? { params } : {}) }, optionsOf(mcpReq))
      return await forward(upstream, mcpReq, list)
    } catch (error) {
      if (error instanceof ProtocolError) throw error
      const { error: problem } = problemIn(error)
      if (problem.code === 'server_unreachable') lookOut()
      throw new ProtocolError(
        ProtocolErrorCode.InternalError,
        `${problem.message} ${ERRORS[problem.code].recovery}`,
        problem,
      )
    }
  })
  server.setRequestHandler('tools/call', async ({ params: { _meta, arguments: args, ...params } }, { mcpReq }) => {
    const { progressToken: _, ...meta } = _meta ?? {}
    const request = { ...params, arguments: { ...(org === undefined ? {} : { org }), ...args }, _meta: meta }
    try {
      const call = (client: Client) => client.request({ method: 'tools/call', params: request }, optionsOf(mcpReq))
      return await forward<CallToolResult>(upstream, mcpReq, call)
    } catch (error) {
      if (error instanceof ProtocolError || mcpReq.signal.aborted) throw error
      return failure(problemIn(error))
    }
  })
  return server
}

async function forward<T>(
  upstream: Upstream,
  { signal }: ServerContext['mcpReq'],
  request: (client: Client) => Promise<T>,
): Promise<T> {
  const client = await upstream.connected()
  try {
    return await request(client)
  } catch (error) {
    const isAnswer = error instanceof ProtocolError || refusalIn(error) !== undefined
    if (!isAnswer && !signal.aborted) upstream.lost(client)
    throw error
  }
}

/** What a request has failed with, where the protocol has no word for it. */
function problemIn(error: unknown): ErrorEnvelope {
  const isLate = error instanceof SdkError && error.code === SdkErrorCode.RequestTimeout
  return refusalIn(error) ?? envelopeOf(isLate ? 'timeout' : 'server_unreachable')
}

/** The request is given up when the host gives it up; what it says of its progress is passed on. */
function optionsOf({ signal, notify, _meta }: ServerContext['mcpReq']): RequestOptions {
  const progressToken = _meta?.progressToken
  const onprogress = (progress: object): void => {
    const params = { ...progress, progressToken }
    // A client that has gone needs no progress.
    notify({ method: 'notifications/progress', params }).catch(() => {})
  }
  return { signal, timeout: REQUEST_MS, ...(progressToken === undefined ? {} : { onprogress }) }
}

/** Answers a function that begins, unless it has begun, to look for the server until it is there, and says so once. */
function onceBack(upstream: Upstream, ending: AbortSignal, back: () => Promise<void>): () => void {
  let looking = false
  const look = async (): Promise<void> => {
    while (!ending.aborted) {
      await sleep(LOOK_MS, undefined, { ref: false })
      // Away still: it is looked for again.
      const client = await upstream.connected().catch(() => undefined)
      if (client !== undefined) return back()
    }
  }
  return () => {
    if (looking) return
    looking = true
    look()
      // The next failure begins to look anew.
      .catch(() => {})
      .finally(() => {
        looking = false
      })
  }
}

function envelopeOf(code: 'timeout' | 'server_unreachable'): ErrorEnvelope {
  return { error: { code, message: ERRORS[code].message, requestId: '' } }
}

/** As the server itself tells an error. */
function failure(envelope: ErrorEnvelope): CallToolResult {
  const { recovery } = ERRORS[envelope.error.code]
  return {
    content: [
      { type: 'text', text: JSON.stringify(envelope) },
      { type: 'text', text: recovery },
    ],
    structuredContent: envelope,
    isError: true,
  }
}
