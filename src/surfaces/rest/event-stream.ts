import { Readable } from 'node:stream'
import type { Log } from '../../kernel/ctx.ts'
import type { StreamEvent } from '../../kernel/verb.ts'
import { SECURITY_HEADERS } from './respond.ts'

/** A proxy must not gather what is meant to be seen at once. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'x-accel-buffering': 'no',
  ...SECURITY_HEADERS,
}
/** How soon a client comes again when a stream has ended, in ms. */
const RETRY_MS = 1_000

/** Server-sent events; see the HTML standard. An error in the middle ends the stream: its client comes again. */
export function eventStream(
  events: AsyncIterable<StreamEvent>,
  { headers, log }: { headers: Readonly<Record<string, string>>; log: Log },
): Response {
  const body = Readable.toWeb(Readable.from(linesOf(events, log), { objectMode: false })) as ReadableStream
  return new Response(body, { headers: { ...HEADERS, ...headers } })
}

async function* linesOf(events: AsyncIterable<StreamEvent>, log: Log): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`
  try {
    for await (const { id, event, data } of events)
      yield `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`
  } catch (error) {
    log.error({ err: error }, 'a stream of events has failed')
  }
}
