import { pino, stdTimeFunctions, type DestinationStream, type Logger } from 'pino'
import type { Log } from '../../kernel/ctx.ts'
import { redactText, redactValue } from '../../kernel/redact.ts'
import { traceFields } from '../../kernel/trace.ts'
import type { Level } from './levels.ts'

export type Fields = Readonly<Record<string, unknown>>

/** Takes every error that is logged at level `error`, also when nothing is written. */
export type Report = (error: LoggedError) => void

/** As it stands in the line: redacted, names in snake_case, those of the parents of the log included. */
export interface LoggedError {
  readonly message: string
  readonly fields: Fields
  readonly err: unknown
}

export interface LoggerOptions {
  readonly level: Level
  readonly destination?: DestinationStream
  readonly report?: Report | undefined
}

/** One JSON object per line, on stderr unless told otherwise; nothing is written before it was redacted. */
export function createLogger({ level, destination, report }: LoggerOptions): Log {
  const settings = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (name: string) => ({ level: name }) },
    // Errors are plain by then: pino would name their type Object, and write their causes into one text.
    serializers: { err: (err: unknown) => err },
  }
  return wrap({ logger: pino(settings, destination ?? standardError()), bound: {}, report })
}

/** Lines are written together, a tenth of a second later at most: one write for each would cost more than the rest of a call. */
function standardError(): DestinationStream {
  const destination = pino.destination({ dest: 2, sync: false, minLength: 8_192, periodicFlush: 100 })
  process.once('exit', () => destination.flushSync())
  return destination
}

interface Wrapped {
  readonly logger: Logger
  /** What the logger adds to each line. */
  readonly bound: Fields
  readonly report: Report | undefined
}

function wrap({ logger, bound, report }: Wrapped): Log {
  const at = (level: 'debug' | 'info' | 'warn') => (fields: object, message: string) => {
    if (logger.isLevelEnabled(level)) logger[level](lineOf(fields), redactText(message))
  }
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: (given, text) => {
      const [fields, message] = [lineOf(given), redactText(text)]
      logger.error(fields, message)
      if (fields['err'] !== undefined) report?.({ message, fields: { ...bound, ...fields }, err: fields['err'] })
    },
    child: (given) => {
      const fields = named(given)
      return wrap({ logger: logger.child(fields), bound: { ...bound, ...fields }, report })
    },
  }
}

/** With the trace that is under way, if there is one. */
function lineOf(fields: object): Record<string, unknown> {
  const line = named(fields)
  const { traceId, spanId } = traceFields()
  if (traceId !== undefined) Object.assign(line, { trace_id: traceId, span_id: spanId })
  return line
}

/** Redacted and named as they are written. An error that was passed alone stands under `err`, as elsewhere. */
function named(fields: object): Record<string, unknown> {
  const value = redactValue(fields instanceof Error ? { err: fields } : fields)
  const redacted = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { err: value }
  const line: Record<string, unknown> = {}
  for (const name of Object.keys(redacted)) line[snakeCase(name)] = redacted[name]
  return line
}

/** Names come from the code, again and again. */
const names = new Map<string, string>()
const MAX_NAMES = 1_000

function snakeCase(name: string): string {
  const known = names.get(name)
  if (known !== undefined) return known
  const snake = name.replaceAll(/(?<=[a-z0-9])[A-Z]+/g, (capitals) => `_${capitals}`).toLowerCase()
  if (names.size < MAX_NAMES) names.set(name, snake)
  return snake
}
