import { VERSION } from '../contract/health.ts'
import { currentTraceParent, traced } from '../kernel/trace.ts'
import type { TraceSettings } from '../platform/telemetry/trace-settings.ts'
import { startTracing } from '../platform/telemetry/tracing.ts'
import type { CliSettings } from '../surfaces/cli/index.ts'

/** They go on until somebody ends them, and what they do belongs to many traces. */
const LASTING = new Set(['start', 'serve', 'worker', 'mcp'])
const VALUED = new Set(['--url', '--api-key', '--org'])

/** Runs one command line in a span of its own, which the server's spans for it are inside of. Answers its exit code. */
export async function traceCommand(
  argv: readonly string[],
  { settings, traces }: { readonly settings: CliSettings; readonly traces: TraceSettings | null },
  run: (settings: CliSettings) => Promise<number>,
): Promise<number> {
  if (traces === null || LASTING.has(firstWord(argv))) return run(settings)
  const stop = await startTracing(traces, {
    role: 'cli',
    version: VERSION,
    warn: (reason) => settings.err(`Traces could not be sent (${reason}).\n`),
  })
  try {
    return await traced('tenon', { parent: null }, async (span) => {
      const headers = (): Record<string, string> => {
        const traceParent = currentTraceParent()
        return traceParent === null ? {} : { traceparent: traceParent }
      }
      const begun = (words: string): void => span.rename(`tenon ${words}`)
      const exitCode = await run({ ...settings, headers, begun })
      span.set({ 'process.exit.code': exitCode })
      if (exitCode !== 0) span.fail(String(exitCode))
      return exitCode
    })
  } finally {
    await stop()
  }
}

function firstWord(argv: readonly string[]): string {
  return argv.find((word, i) => !word.startsWith('-') && !VALUED.has(argv[i - 1] ?? '')) ?? ''
}
