import { CommanderError } from 'commander'
import { ApiError } from '../../contract/client.ts'
import { ERRORS, EXIT, type ErrorCode, type ErrorDetails, type JsonValue } from '../../contract/errors.ts'
import { limitName } from './render-limits.ts'
import { CliError, type CliSettings } from './settings.ts'
import { span, styleOf } from './text.ts'

/** Says why a command failed and answers its exit code: to people on stderr, to programs as an envelope on stdout. */
export function report(thrown: unknown, settings: CliSettings, json: boolean): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.done
    // For people, commander has said it already.
    return json ? report(new CliError('usage', usageDetails(thrown)), settings, json) : EXIT.usage
  }
  const known = thrown instanceof ApiError || thrown instanceof CliError || isCoded(thrown)
  const code: ErrorCode = known ? (thrown as { code: ErrorCode }).code : 'internal'
  const details = known ? (thrown as { details?: ErrorDetails }).details : undefined
  const { requestId, retryAfterSeconds } = thrown instanceof ApiError ? thrown : {}
  const { message, recovery, exitCode } = ERRORS[code]
  if (json) {
    settings.out(
      `${JSON.stringify({ error: { code, message, ...(details ? { details } : {}), requestId: requestId ?? '' } })}\n`,
    )
    return exitCode
  }
  const style = styleOf(settings.colors)
  settings.err(`${style('red', 'error')} ${message} ${style('dim', `(${code})`)}\n`)
  const told = { ...details, ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }) }
  for (const [name, value] of Object.entries(told))
    for (const line of detailLines(name, value)) settings.err(`  ${line}\n`)
  settings.err(`  → ${recovery}\n`)
  if (!known && settings.debug === true && thrown instanceof Error) settings.err(`${thrown.stack ?? ''}\n`)
  if (requestId !== undefined) settings.err(`  ${style('dim', `request ${requestId}`)}\n`)
  return exitCode
}

function usageDetails({ code, message }: CommanderError): ErrorDetails {
  const text = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
  return { issues: [{ path: '', message: text }] }
}

/** An error with a code of the table, from whichever layer a local command met it in. */
function isCoded(thrown: unknown): boolean {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    Object.hasOwn(ERRORS, thrown.code)
  )
}

function detailLines(name: string, value: JsonValue): string[] {
  if (name === 'quota' && typeof value === 'string') return [`quota: ${limitName(value)}`]
  if (name === 'retryAfterSeconds' && typeof value === 'number') return [`retry after: ${seconds(value)}`]
  if (name !== 'issues' || !Array.isArray(value))
    return [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
  return value.map((issue: unknown) => {
    const { path, message } = issue as { path: string; message: string }
    return path === '' ? message : `${path}: ${message}`
  })
}

/** Exact for a script, and in the unit that people think in. */
function seconds(count: number): string {
  return count < 90 ? `${count} s` : `${count} s (${span(count)})`
}
