import { ERRORS, isErrorCode, type ErrorCode, type ErrorDetails, type ErrorEnvelope } from '../../contract/errors.ts'
import { paint, plain, type Style } from './text.ts'

/** A failure that the command line itself finds. */
export class CliError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, details?: ErrorDetails) {
    super(ERRORS[code].message)
    this.name = 'CliError'
    this.code = code
    this.details = details
  }
}

export interface Failure {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined
  /** Of the server that answered; undefined for a failure of this side. */
  readonly requestId: string | undefined
}

/** What was thrown, by whoever threw it: errors of all layers carry a code of the table. */
export function failureOf(thrown: unknown): Failure {
  if (!(thrown instanceof Error && 'code' in thrown && isErrorCode(thrown.code)))
    return { code: 'internal', details: undefined, requestId: undefined }
  const details = 'details' in thrown ? (thrown.details as ErrorDetails | undefined) : undefined
  const requestId = 'requestId' in thrown && typeof thrown.requestId === 'string' ? thrown.requestId : undefined
  return { code: thrown.code, details, requestId }
}

export function failureEnvelope({ code, details, requestId }: Failure, local: string): ErrorEnvelope {
  const { message } = ERRORS[code]
  return { error: { code, message, ...(details ? { details } : {}), requestId: requestId ?? local } }
}

/** For people: what went wrong, where, and what to do. */
export function describeFailure(style: Style, { code, details = {}, requestId }: Failure): string {
  const { message, recovery } = ERRORS[code]
  const { issues, hint, ...rest } = details
  const lines = [`${paint(style, 'red', 'error')} ${paint(style, 'bold', message)} ${paint(style, 'dim', `(${code})`)}`]
  for (const issue of Array.isArray(issues) ? issues : []) lines.push(`  - ${issueText(issue)}`)
  for (const [name, value] of Object.entries(rest)) lines.push(...detailLines(name, value))
  lines.push(`  ${plain(typeof hint === 'string' ? hint : recovery)}`)
  if (requestId !== undefined) lines.push(paint(style, 'dim', `  request ${plain(requestId)}`))
  return lines.join('\n')
}

function detailLines(name: string, value: unknown): string[] {
  if (Array.isArray(value)) return [`  ${plain(name)}:`, ...value.map((line) => `    ${plain(text(line))}`)]
  return value === '' || value === null ? [] : [`  ${plain(name)}: ${plain(text(value))}`]
}

function issueText(issue: unknown): string {
  if (typeof issue !== 'object' || issue === null) return plain(text(issue))
  const { path, message } = issue as { readonly path?: unknown; readonly message?: unknown }
  const where = text(path).replace(/^(?:params|query|body)\./, '')
  return plain(where === '' ? text(message) : `${where}: ${text(message)}`)
}

function text(value: unknown): string {
  if (typeof value === 'string') return value
  return value === undefined ? '' : JSON.stringify(value)
}
