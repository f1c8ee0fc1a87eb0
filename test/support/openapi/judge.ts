import type { z } from 'zod'
import { ERRORS, isErrorCode, type ErrorCode } from '../../../src/contract/errors.ts'
import { OPERATIONS } from '../../../src/contract/index.ts'
import { errorsOf } from '../../../src/contract/operation.ts'
import { SECURITY_HEADERS } from '../../../src/surfaces/rest/respond.ts'
import type { RawAnswer } from './connection.ts'
import { answerSchemas, drawingTypes, type OpenApiDocument } from './document.ts'
import type { MadeRequest } from './requests.ts'

/**
 * How far a request came. `parser`: it was parsed, or refused by that, or answered between parser and verb, as repeats
 * are. `before`: refused for who calls or where; probes count here as well. `not HTTP`: refused by Node
 * before Tenon saw it.
 */
export const STAGES = ['no answer', 'not HTTP', 'before', 'parser', 'verb'] as const
export type Stage = (typeof STAGES)[number]

const BEFORE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'unauthenticated',
  'invalid_api_key',
  'rate_limited',
  'method_not_allowed',
  'forbidden',
])
const PARSER: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'validation_failed',
  'malformed_json',
  'payload_too_large',
  'unsupported_media_type',
  'invalid_cursor',
  'idempotency_key_reused',
  'idempotency_in_progress',
  'quota_exceeded',
])
/** Of one kind with one operation that are described; a thousand of the same tell no more. */
const MAX_PROBLEMS = 2
/** Successes of each operation whose bodies are compared with the document: the first ones, then a sample. */
const COMPARED = 50

export interface AnswerJudge {
  readonly problems: readonly string[]
  /** Looks at an answer, and says how far its request came. */
  stageOf(request: MadeRequest, answer: RawAnswer | null): Stage
  /** Operations that succeeded, with an answer as the document describes it. */
  succeeded(): string[]
}

/** @param orgs what the organisation of the credentials is called. */
export function answerJudge(document: OpenApiDocument, orgs: readonly string[]): AnswerJudge {
  const problems: string[] = []
  const schemas = answerSchemas(document)
  const drawings = drawingTypes(document)
  const codes = new Map(OPERATIONS.map((operation) => [operation.name, new Set(errorsOf(operation))]))
  const compared = new Map<string, number>()

  const check = (request: MadeRequest, answer: RawAnswer): string | null => {
    const { status } = answer
    if (status >= 500) return 'an error of the server'
    const type = answer.headers.get('content-type') ?? ''
    const isDrawing = drawings.get(`${request.operation} ${status}`)?.has(type) === true
    const wrongHeader = headerProblem(answer)
    if (wrongHeader !== null) return wrongHeader
    if (!isDrawing && type !== 'application/json; charset=utf-8') return 'not said to be JSON'
    if (isDrawing || request.method === 'HEAD') return null
    const body = parsed(answer.body)
    if (body === undefined) return 'no JSON'
    if (status < 300) {
      if (request.operation === null) return null
      const n = (compared.get(request.operation) ?? 0) + 1
      compared.set(request.operation, n)
      return n > COMPARED && n % COMPARED !== 0 ? null : schemaProblem(schemas, request.operation, status, body)
    }
    const allowed = request.operation === null ? undefined : codes.get(request.operation)
    return errorProblem(answer, body, allowed)
  }

  return {
    problems,
    stageOf: (request, answer) => {
      if (answer === null) {
        if (request.wire === null) note(problems, 'closed without an answer', request, answer)
        return 'no answer'
      }
      if (request.kind === 'broken' && isBare(answer)) return 'not HTTP'
      const problem = check(request, answer)
      if (problem !== null) note(problems, problem, request, answer)
      return stageOf(request, answer, orgs)
    },
    succeeded: () => [...compared.keys()].toSorted(),
  }
}

function isProbe({ target }: MadeRequest, { status }: RawAnswer): boolean {
  return status === 200 && /\/(?:healthz|readyz)(?:[/?#]|$)/.test(target)
}

function stageOf(request: MadeRequest, answer: RawAnswer, orgs: readonly string[]): Stage {
  const { operation, target } = request
  const { status, headers, body } = answer
  if (isProbe(request, answer)) return 'before'
  if (status < 300) return headers.has('idempotency-replayed') ? 'parser' : 'verb'
  const code = codeOf(parsed(body))
  if (!isErrorCode(code) || BEFORE.has(code)) return 'before'
  if (PARSER.has(code)) return 'parser'
  if (code !== 'not_found') return 'verb'
  // The address, or the organisation, or what the verb looked for.
  const org = target.split(/[/?]/)[3] ?? ''
  return operation !== null && orgs.some((own) => encodeURIComponent(own) === org) ? 'verb' : 'before'
}

/** What Node's HTTP parser or the adapter on it has refused never became a request. */
function isBare({ status, body }: RawAnswer): boolean {
  return (status === 400 || status === 431 || status === 417) && body === ''
}

function headerProblem({ headers }: RawAnswer): string | null {
  if (!headers.has('x-request-id')) return 'no X-Request-ID'
  for (const [name, value] of Object.entries(SECURITY_HEADERS))
    if (headers.get(name) !== value) return `no ${name}: ${value}`
  return null
}

function schemaProblem(
  schemas: ReadonlyMap<string, z.ZodType>,
  operation: string,
  status: number,
  body: unknown,
): string | null {
  const schema = schemas.get(`${operation} ${status}`)
  if (schema === undefined) return `the document has no ${status}`
  const { error } = schema.safeParse(body)
  return error === undefined ? null : `not as the document says: ${JSON.stringify(error.issues).slice(0, 500)}`
}

function errorProblem(
  { status, headers }: RawAnswer,
  body: unknown,
  allowed: ReadonlySet<ErrorCode> | undefined,
): string | null {
  const code = codeOf(body)
  if (!isErrorCode(code)) return 'no error envelope'
  const { error } = body as { error: Record<string, unknown> }
  const names = Object.keys(error).filter((name) => name !== 'details')
  if (names.join() !== 'code,message,requestId') return 'not the error envelope'
  const { httpStatus, message } = ERRORS[code]
  if (httpStatus !== status || error['message'] !== message) return `not as the table says of ${code}`
  if (error['requestId'] !== headers.get('x-request-id')) return 'two request ids'
  return allowed === undefined || allowed.has(code) ? null : `the contract does not list ${code}`
}

function codeOf(body: unknown): unknown {
  return (body as { error?: { code?: unknown } } | null | undefined)?.error?.code
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

function note(problems: string[], problem: string, request: MadeRequest, answer: RawAnswer | null): void {
  const { method, target, headers, body, broken, operation } = request
  const title = `${problem}: ${operation ?? 'no operation'}`
  if (problems.filter((other) => other.startsWith(title)).length >= MAX_PROBLEMS) return
  const sent = [
    `${method} ${target.slice(0, 500)}`,
    ...headers.map(([name, value]) => `${name}: ${value.slice(0, 200)}`),
    body?.toString().slice(0, 500) ?? '',
  ]
  const got = answer === null ? 'nothing' : `${answer.status} ${answer.body.slice(0, 500)}`
  problems.push(`${title}, ${broken}\n${sent.join('\n')}\n=> ${got}`)
}
