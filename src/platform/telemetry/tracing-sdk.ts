import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import * as api from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import { setGlobalErrorHandler } from '@opentelemetry/core'
import {
  defaultResource,
  detectResources,
  resourceAttributesEnvDetector,
  resourceFromAttributes,
  type Resource,
} from '@opentelemetry/resources'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type Sampler as SdkSampler,
  type SpanExporter,
} from '@opentelemetry/sdk-trace'
import { useTracing } from '../../kernel/trace.ts'
import { consoleExporter } from './console-exporter.ts'
import type { Role, StopTracing, TraceSettings, TracingOptions } from './trace-settings.ts'

/**
 * How long an export may take with its repeats, and with it the end of a process whose collector does not answer. Who waits
 * for a command waits for it too.
 */
const EXPORT_MS: Record<Role, number> = { start: 3_000, api: 3_000, worker: 3_000, cli: 1_500 }
/** What is left is given so long when the process ends. */
const LAST_MS = 2_000
const WARN_EVERY_MS = 60_000
/** Spans that wait to be sent; those beyond are lost. */
const MAX_WAITING = 8_192

/** The only importer of the SDK. Loaded when a process traces. */
export async function startSdk(settings: TraceSettings, options: TracingOptions): Promise<StopTracing> {
  // What it is given may come from the collector: of that, only a code is told.
  const warn = onceIn(WARN_EVERY_MS, (error) => options.warn(reasonOf(error)))
  setGlobalErrorHandler(warn)
  const provider = new TracerProvider({
    resource: resourceOf(settings, options),
    sampler: samplerOf(settings),
    spanLimits: { attributeValueLengthLimit: 1_024 },
    spanProcessors: [
      new BatchSpanProcessor({
        exporter: await exporterOf(settings, options.role),
        maxQueueSize: MAX_WAITING,
        scheduledDelayMillis: 1_000,
      }),
    ],
  })
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
  useTracing({ tracer: provider.getTracer('tenon', options.version), api })
  return async () => {
    useTracing(null)
    await orAfter(LAST_MS, provider.shutdown().catch(warn))
    api.context.disable()
  }
}

function resourceOf({ serviceName }: TraceSettings, { role, version }: TracingOptions): Resource {
  const named = serviceName === undefined ? {} : { 'service.name': serviceName }
  return defaultResource()
    .merge(resourceFromAttributes({ 'service.name': 'tenon', 'service.instance.id': randomUUID() }))
    .merge(detectResources({ detectors: [resourceAttributesEnvDetector] }))
    .merge(resourceFromAttributes({ ...named, 'service.version': version, 'tenon.role': role }))
}

function samplerOf({ sampler, samplerRatio }: TraceSettings): SdkSampler {
  switch (sampler) {
    case 'always_on':
      return new AlwaysOnSampler()
    case 'always_off':
      return new AlwaysOffSampler()
    case 'traceidratio':
      return new TraceIdRatioBasedSampler(samplerRatio)
    case 'parentbased_always_on':
      return new ParentBasedSampler({ root: new AlwaysOnSampler() })
    case 'parentbased_always_off':
      return new ParentBasedSampler({ root: new AlwaysOffSampler() })
    case 'parentbased_traceidratio':
      return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(samplerRatio) })
  }
}

async function exporterOf({ exporter, protocol, timeoutMs }: TraceSettings, role: Role): Promise<SpanExporter> {
  if (exporter === 'console') return consoleExporter((line) => void process.stderr.write(line))
  const { OTLPTraceExporter } =
    protocol === 'http/json'
      ? await import('@opentelemetry/exporter-trace-otlp-http')
      : await import('@opentelemetry/exporter-trace-otlp-proto')
  return new OTLPTraceExporter({ timeoutMillis: timeoutMs ?? EXPORT_MS[role] })
}

async function orAfter(ms: number, work: Promise<void>): Promise<void> {
  const done = new AbortController()
  // Aborted by the next line, when the work was faster.
  await Promise.race([work, sleep(ms, undefined, { signal: done.signal }).catch(() => {})])
  done.abort()
}

function reasonOf(error: unknown): string {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' || typeof code === 'number' ? String(code).slice(0, 40) : 'no answer'
}

function onceIn(ms: number, tell: (error: unknown) => void): (error: unknown) => void {
  let nextAt = 0
  return (error) => {
    if (performance.now() < nextAt) return
    nextAt = performance.now() + ms
    tell(error)
  }
}
