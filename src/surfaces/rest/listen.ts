import { once } from 'node:events'
import { ServerResponse, type IncomingMessage, type Server } from 'node:http'
import { Server as NetServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import type { Hono } from 'hono'
import { requestIdFrom } from '../../kernel/request-id.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

export interface Listening {
  readonly url: string
  /**
   * From now on every response tells its client, or the balancer in front, to take its next request elsewhere; until
   * `close` all are served as before. A connection that was kept open without a request for `KEEP_ALIVE_MS` is closed
   * anyway, so that after as long no client holds one that it could still use when `close` takes it away.
   */
  drain(): void
  /** Takes no new connection, closes idle ones, and waits for what is under way, at most `graceMs`. */
  close(graceMs: number): Promise<void>
}

export interface ListenOptions {
  readonly host: string
  readonly port: number
  readonly timeouts?: Timeouts
}

/** How long a client may take to send the headers, and the whole of a request; how often that is looked at. */
export interface Timeouts {
  readonly headersMs: number
  readonly requestMs: number
  readonly checkMs: number
}

/** A body is 1 MiB at most, which a slow line sends in time; the answer may take longer. */
const TIMEOUTS: Timeouts = { headersMs: 10_000, requestMs: 30_000, checkMs: 2_000 }

/** What clients are told, and the second that Node adds for a request which is on its way by then. */
export const KEEP_ALIVE_MS = 6_000
const KEEP_ALIVE_BUFFER_MS = 1_000

/** In which a request that its client has already sent, perhaps on a new connection, comes to be read. */
const LINGER_MS = 100

const REQUEST_ID = 'x-request-id'

function namesRequest(headers: unknown): boolean {
  return typeof headers === 'object' && headers !== null && REQUEST_ID in headers
}

/** @throws TenonError `port_in_use` */
export async function listen(app: Hono, { host, port, timeouts = TIMEOUTS }: ListenOptions): Promise<Listening> {
  let draining = false
  class NamedResponse<R extends IncomingMessage> extends ServerResponse<R> {
    override writeHead(...args: [status: number, ...unknown[]]): this {
      if (draining) this.shouldKeepAlive = false
      // Whoever knows its request by a name has said so; every other answer gets one here, files and redirects too.
      if (!args.some(namesRequest)) this.setHeader(REQUEST_ID, requestIdFrom(this.req.headers[REQUEST_ID]?.toString()))
      return super.writeHead(...(args as [number]))
    }
  }
  const serverOptions = {
    ServerResponse: NamedResponse,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    connectionsCheckingInterval: timeouts.checkMs,
    keepAliveTimeout: KEEP_ALIVE_MS - KEEP_ALIVE_BUFFER_MS,
    keepAliveTimeoutBuffer: KEEP_ALIVE_BUFFER_MS,
  }
  const server = await new Promise<Server>((resolve, reject) => {
    const starting = serve({ fetch: app.fetch, hostname: host, port, serverOptions }, () => resolve(starting as Server))
    starting.once('error', (cause: NodeJS.ErrnoException) => {
      reject(cause.code === 'EADDRINUSE' ? new TenonError('port_in_use', { details: { port }, cause }) : cause)
    })
  })
  const address = server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound}`,
    drain: () => {
      draining = true
    },
    close: async (graceMs) => {
      draining = true
      const closed = once(server, 'close')
      const timer = setTimeout(() => server.closeAllConnections(), graceMs)
      // Not that of an HTTP server, which would close idle connections at once, under a request that is on its way.
      NetServer.prototype.close.call(server)
      await Promise.race([closed, sleep(LINGER_MS)])
      server.close()
      await closed
      clearTimeout(timer)
    },
  }
}
