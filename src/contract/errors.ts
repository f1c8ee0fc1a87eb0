import { ACCOUNT_ERRORS } from './account-errors.ts'
import { CALL_ERRORS } from './call-errors.ts'
import { EXIT, type ErrorSpec } from './error-spec.ts'
import { LOCAL_ERRORS } from './local-errors.ts'
import { MONEY_ERRORS } from './money-errors.ts'
import { THING_ERRORS } from './thing-errors.ts'

/**
 * The one table of errors. A code decides the HTTP status, the CLI's exit code, whether a caller may try again,
 * the text that people see and the step that helps them. Nothing of an exception's own message ever leaves;
 * what a thrower knows to be safe goes into `details`.
 */
export const ERRORS = {
  ...CALL_ERRORS,
  ...THING_ERRORS,
  ...ACCOUNT_ERRORS,
  ...MONEY_ERRORS,
  ...LOCAL_ERRORS,
} as const satisfies Record<string, ErrorSpec>

export { EXIT, type ErrorSpec }

export type ErrorCode = keyof typeof ERRORS

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

/** Values that are safe to show to the caller; no exception text, SQL, path of the server or secret. */
export type ErrorDetails = { readonly [key: string]: JsonValue }
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** What every surface answers when a call fails. */
export interface ErrorEnvelope {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly details?: ErrorDetails
    readonly requestId: string
  }
}
