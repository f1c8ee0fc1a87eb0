import { pino, type DestinationStream } from 'pino'
import type { Log } from '../../kernel/ctx.ts'
import { redactText, redactValue } from '../../kernel/redact.ts'

export const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type Level = (typeof LEVELS)[number]

/** Structured lines (JSON) to a stream, stderr by default. Every field and message is redacted before it is written. */
export function createLogger(options: { level: Level; destination?: DestinationStream }): Log {
  const logger = pino({ level: options.level, base: null }, options.destination ?? process.stderr)
  return logOf({}, (level, fields, message) => logger[level](redactValue(fields) as object, redactText(message)))
}

type Write = (level: 'debug' | 'info' | 'warn' | 'error', fields: object, message: string) => void

function logOf(bound: object, write: Write): Log {
  return {
    debug: (fields, message) => write('debug', { ...bound, ...fields }, message),
    info: (fields, message) => write('info', { ...bound, ...fields }, message),
    warn: (fields, message) => write('warn', { ...bound, ...fields }, message),
    error: (fields, message) => write('error', { ...bound, ...fields }, message),
    child: (fields) => logOf({ ...bound, ...fields }, write),
  }
}
