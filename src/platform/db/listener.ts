import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Log } from '../../kernel/ctx.ts'

export interface Heard {
  onMessage(payload: string): void
  /** Also after each reconnection: what was said meanwhile has been missed. */
  onConnected(): void
}

/** A connection that hears what is notified on one channel, and is made anew when it breaks. */
export interface Listener {
  /** Answers once the first attempt to connect has ended, well or not. */
  start(): Promise<void>
  /** It has not said what it should have: make it anew. */
  suspect(): void
  stop(): Promise<void>
}

const CONNECT_MS = 5_000
const FIRST_WAIT_MS = 100
const LAST_WAIT_MS = 5_000
/** A message may come later than the look that found it missing; only then is the connection suspected. */
const SUSPECT_AFTER_MS = 1_000

export function createListener(
  config: pg.ClientConfig,
  { channel, heard, log }: { channel: string; heard: Heard; log: Log },
): Listener {
  const stopping = new AbortController()
  let client: pg.Client | null = null
  let lastHeardAt = 0
  let suspected: NodeJS.Timeout | undefined
  let running: Promise<void> = Promise.resolve()

  const connect = (): Promise<pg.Client> =>
    openListening(config, { channel, signal: stopping.signal }, (payload) => {
      lastHeardAt = performance.now()
      heard.onMessage(payload)
    })

  /** Holds one connection after the other; `first` is told how the first attempt went. */
  const run = async (first: () => void): Promise<void> => {
    let waitMs = FIRST_WAIT_MS
    while (!stopping.signal.aborted) {
      try {
        const made = await connect()
        client = made
        const ended = new Promise<void>((resolve) => made.once('end', resolve))
        heard.onConnected()
        first()
        waitMs = FIRST_WAIT_MS
        if (stopping.signal.aborted) destroy(made)
        await ended
        client = null
        if (!stopping.signal.aborted) log.warn({ channel }, 'the connection that listens has ended')
      } catch (error) {
        log.warn({ err: error, channel }, 'listening failed')
        first()
      }
      // Aborted by the stop, which ends the loop.
      await sleep(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      waitMs = Math.min(waitMs * 2, LAST_WAIT_MS)
    }
  }

  return {
    start: () =>
      new Promise((resolve) => {
        running = run(resolve)
      }),
    suspect: () => {
      const since = performance.now() - SUSPECT_AFTER_MS
      suspected ??= setTimeout(() => {
        suspected = undefined
        if (lastHeardAt < since && client !== null) destroy(client)
      }, SUSPECT_AFTER_MS)
      suspected.unref()
    },
    stop: async () => {
      stopping.abort()
      clearTimeout(suspected)
      if (client !== null) destroy(client)
      await running
    },
  }
}

async function openListening(
  config: pg.ClientConfig,
  { channel, signal }: { channel: string; signal: AbortSignal },
  onMessage: (payload: string) => void,
): Promise<pg.Client> {
  const limits = { connectionTimeoutMillis: CONNECT_MS, query_timeout: CONNECT_MS }
  const made = new pg.Client({ ...config, ...limits, keepAlive: true })
  const giveUp = (): void => destroy(made)
  signal.addEventListener('abort', giveUp, { once: true })
  made.on('error', () => {}) // it ends then, which is told
  made.on('notification', ({ payload = '' }) => onMessage(payload))
  try {
    await made.connect()
    await made.query(`listen ${channel}`)
    return made
  } catch (error) {
    destroy(made)
    throw error
  } finally {
    signal.removeEventListener('abort', giveUp)
  }
}

/** Without a farewell, which a dead connection would never answer. */
function destroy(client: pg.Client): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } }
  connection.stream.destroy()
}
