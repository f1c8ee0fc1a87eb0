import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import type { Log } from '../../kernel/ctx.ts'
import { redactText, redactValue } from '../../kernel/redact.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

/** One JSON object per line, on stderr unless told otherwise; nothing is written before it was redacted. */
export function createLogger(options: { readonly level: Level; readonly destination?: DestinationStream }): Log {
  const settings = {
    level: options.level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (level: string) => ({ level }) },
  }
  return wrap(pino(settings, options.destination ?? standardError()))
}

/** Lines are written together, a tenth of a second later at most: one write for each would cost more than the rest of a call. */
function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: false, minLength: 8_192, periodicFlush: 100 })
  process.once('exit', () => destination.flushSync())
  return destination
}

function wrap(logger: Logger): Log {
  const at = (level: Exclude<Level, 'silent'>) => (fields: object, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](safe(fields), redactText(message))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(logger.child(safe(fields))),
  }
}

/** An error that was passed alone stands under `err`, as elsewhere. */
function safe(fields: object): Record<string, unknown> {
  return redactValue(fields instanceof Error ? { err: fields } : fields) as Record<string, unknown>
}
