import { ExportResultCode, hrTimeToMilliseconds, hrTimeToTimeStamp } from '@opentelemetry/core'
import type { ReadableSpan, SpanExporter } from '@opentelemetry/sdk-trace'

/** One JSON object per line for each span. The SDK's own prints to stdout, where the answer of a command stands. */
export function consoleExporter(write: (line: string) => void): SpanExporter {
  return {
    export: (spans, done) => {
      for (const span of spans) write(`${JSON.stringify(lineOf(span))}\n`)
      done({ code: ExportResultCode.SUCCESS })
    },
    shutdown: () => Promise.resolve(),
  }
}

function lineOf(span: ReadableSpan): object {
  const { traceId, spanId } = span.spanContext()
  const { message } = span.status
  return {
    span: span.name,
    time: hrTimeToTimeStamp(span.startTime),
    elapsed_ms: hrTimeToMilliseconds(span.duration),
    trace_id: traceId,
    span_id: spanId,
    ...(span.parentSpanContext === undefined ? {} : { parent_id: span.parentSpanContext.spanId }),
    ...(message === undefined ? {} : { error: message }),
    attributes: span.attributes,
  }
}
