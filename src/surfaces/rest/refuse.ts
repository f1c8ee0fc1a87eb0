import type { Context } from 'hono'
import { ERRORS } from '../../contract/errors.ts'
import { retryHeaders } from '../../kernel/refusal-headers.ts'
import { requestIdFrom } from '../../kernel/request-id.ts'
import { errorEnvelope, type TenonError } from '../../kernel/tenon-error.ts'
import { respond } from './respond.ts'

/** An answer to what never became a call. */
export function refuse(c: Context, error: TenonError, more?: Readonly<Record<string, string>>): Response {
  const requestId = requestIdFrom(c.req.header('x-request-id'))
  const envelope = errorEnvelope(error, requestId)
  const headers = { 'x-request-id': requestId, ...retryHeaders(envelope), ...more }
  return respond(ERRORS[error.code].httpStatus ?? 500, JSON.stringify(envelope), headers)
}
