import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { InMemorySpanExporter, SimpleSpanProcessor, TracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace'
import { useTracing } from '../../src/kernel/trace.ts'

/** Makes this process trace for the time of some work; answers the spans that ended in it, and keeps them to be looked at. */
export async function recordSpans(
  work: (ended: () => readonly ReadableSpan[]) => Promise<unknown>,
): Promise<readonly ReadableSpan[]> {
  const exporter = new InMemorySpanExporter()
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] })
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  useTracing({ tracer: provider.getTracer('test'), api })
  try {
    await work(() => exporter.getFinishedSpans())
  } finally {
    useTracing(null)
    api.context.disable()
  }
  return exporter.getFinishedSpans()
}

export function parentOf(span: ReadableSpan | undefined): string | undefined {
  return span?.parentSpanContext?.spanId
}
