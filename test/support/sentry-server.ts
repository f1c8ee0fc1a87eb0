import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

/** An event of an error as Sentry gets it, as far as tests look at it. */
export interface SentryEvent {
  readonly event_id: string
  readonly level: string
  readonly message: string
  readonly release: string
  readonly environment: string
  readonly transaction?: string
  readonly tags: Readonly<Record<string, string>>
  readonly contexts: Readonly<Record<string, Readonly<Record<string, unknown>>>>
  readonly exception: {
    readonly values: readonly {
      readonly type: string
      readonly value: string
      readonly stacktrace?: { readonly frames: readonly { filename: string; function: string; lineno: number }[] }
    }[]
  }
}

export interface SentryServer {
  readonly dsn: string
  readonly events: readonly SentryEvent[]
  /** All that has come, as it came. */
  raw(): string
  close(): Promise<void>
}

/** A server that reads envelopes; see https://develop.sentry.dev/sdk/data-model/envelopes/. */
export async function startSentryServer(
  answer: (response: ServerResponse) => void = (response) => void response.end('{}'),
): Promise<SentryServer> {
  const events: SentryEvent[] = []
  let raw = ''
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request)
    raw += `${request.url ?? ''}\n${JSON.stringify(request.headers)}\n${body}\n`
    if (request.method === 'POST' && request.url?.startsWith('/api/42/envelope/') === true)
      events.push(...eventsOf(body))
    answer(response)
  }
  const server = createServer((request, response) => void take(request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    dsn: `http://0123456789abcdef0123456789abcdef@127.0.0.1:${port}/42`,
    events,
    raw: () => raw,
    close: async () => {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Lines: the header of the envelope, then for each item its header and its payload. */
function eventsOf(body: string): SentryEvent[] {
  const [, ...lines] = body.split('\n')
  const found: SentryEvent[] = []
  for (let i = 0; i + 1 < lines.length; i += 2) {
    const { type } = JSON.parse(lines[i] ?? '{}') as { type?: string }
    if (type === 'event') found.push(JSON.parse(lines[i + 1] ?? '{}') as SentryEvent)
  }
  return found
}
