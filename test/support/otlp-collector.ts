import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'

/** A span as it arrived. */
export interface CollectedSpan {
  readonly traceId: string
  readonly spanId: string
  /** Empty for a root. */
  readonly parentSpanId: string
  readonly name: string
  /** 1 internal, 2 server, 3 client, 4 producer, 5 consumer. */
  readonly kind: number
  readonly startedAt: bigint
  readonly elapsedMs: number
  readonly attributes: Readonly<Record<string, unknown>>
  /** Of the process that made it. */
  readonly resource: Readonly<Record<string, unknown>>
  /** Message of the status when it is an error. */
  readonly error: string | null
}

/** A collector that takes traces by OTLP over HTTP. Of protobuf it only knows that something came. */
export interface OtlpCollector {
  readonly url: string
  readonly spans: readonly CollectedSpan[]
  /** All that was sent as JSON, as text. */
  text(): string
  readonly requests: readonly {
    readonly path: string
    readonly type: string
    readonly headers: IncomingMessage['headers']
  }[]
  close(): Promise<void>
}

export async function startOtlpCollector({ status = 200 } = {}): Promise<OtlpCollector> {
  const spans: CollectedSpan[] = []
  const requests: OtlpCollector['requests'][number][] = []
  let text = ''
  const server = createServer((request, response) => {
    void buffer(request).then((body) => {
      const type = request.headers['content-type'] ?? ''
      requests.push({ path: request.url ?? '', type, headers: request.headers })
      if (type === 'application/json') {
        text += `${body.toString()}\n`
        spans.push(...spansIn(JSON.parse(body.toString()) as Export))
      }
      response.writeHead(status, { 'content-type': type }).end(type === 'application/json' ? '{}' : undefined)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    spans,
    requests,
    text: () => text,
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** The parts of an export that are read. */
interface Export {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly Attribute[] }
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[]
  }[]
}
interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, unknown>>
}
interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly startTimeUnixNano: string
  readonly endTimeUnixNano: string
  readonly attributes: readonly Attribute[]
  readonly status: { readonly code?: number; readonly message?: string }
}

function spansIn({ resourceSpans }: Export): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map(({ traceId, spanId, parentSpanId = '', name, kind, status, ...span }) => ({
        traceId,
        spanId,
        parentSpanId,
        name,
        kind,
        startedAt: BigInt(span.startTimeUnixNano),
        elapsedMs: Number(BigInt(span.endTimeUnixNano) - BigInt(span.startTimeUnixNano)) / 1e6,
        attributes: recordOf(span.attributes),
        resource: recordOf(resource.attributes),
        error: status.code === 2 ? (status.message ?? '') : null,
      })),
    ),
  )
}

function recordOf(attributes: readonly Attribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))
}

/** The spans of a trace as a tree of lines, in the order of their beginning; those whose parent is missing stand at the left. */
export function treeOf(spans: readonly CollectedSpan[]): string {
  const ids = new Set(spans.map(({ spanId }) => spanId))
  const ordered = spans.toSorted((a, b) => (a.startedAt < b.startedAt ? -1 : 1))
  const below = (parent: string | null, depth: number): string[] =>
    ordered
      .filter(({ parentSpanId }) => (parent === null ? !ids.has(parentSpanId) : parentSpanId === parent))
      .flatMap((span) => [lineOf(span, depth), ...below(span.spanId, depth + 1)])
  return below(null, 0).join('\n')
}

function lineOf({ name, elapsedMs, resource, error }: CollectedSpan, depth: number): string {
  const left = `${'  '.repeat(depth)}${name}`
  return `${left.padEnd(72)} ${elapsedMs.toFixed(1).padStart(8)} ms  ${String(resource['tenon.role'])}${error === null ? '' : `  ✗ ${error}`}`
}
