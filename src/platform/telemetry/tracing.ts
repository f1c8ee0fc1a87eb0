import type { StopTracing, TraceSettings, TracingOptions } from './trace-settings.ts'

/** From now on spans are made, if the settings want it: without them, nothing of OpenTelemetry is loaded. */
export async function startTracing(settings: TraceSettings | null, options: TracingOptions): Promise<StopTracing> {
  if (settings === null) return async () => {}
  const { startSdk } = await import('./tracing-sdk.ts')
  return startSdk(settings, options)
}
