import { ERRORS, type ErrorCode, type ErrorDetails, type ErrorEnvelope } from '../contract/errors.ts'

export interface TenonErrorOptions {
  /** Shown to the caller: only what is known to be safe. */
  readonly details?: ErrorDetails
  /** Logged, never shown. */
  readonly cause?: unknown
}

/** A failure with a code of the error table. Thrown, never returned: throwing rolls a transaction back. */
export class TenonError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, options: TenonErrorOptions = {}) {
    super(`${code}: ${ERRORS[code].message}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'TenonError'
    this.code = code
    this.details = options.details
  }

  get retryable(): boolean {
    return ERRORS[this.code].retryable
  }
}

/** Any thrown value as a TenonError; what is unknown becomes `internal`, with the original as its cause. */
export function toTenonError(thrown: unknown): TenonError {
  if (thrown instanceof TenonError) return thrown
  if (thrown instanceof DOMException && thrown.name === 'TimeoutError')
    return new TenonError('timeout', { cause: thrown })
  if (thrown instanceof DOMException && thrown.name === 'AbortError')
    return new TenonError('cancelled', { cause: thrown })
  return new TenonError('internal', { cause: thrown })
}

/** The one form in which an error leaves, on every surface. */
export function errorEnvelope(error: TenonError, requestId: string): ErrorEnvelope {
  const { code, details } = error
  return { error: { code, message: ERRORS[code].message, ...(details ? { details } : {}), requestId } }
}

/** @throws TenonError `timeout` or `cancelled` */
export function throwIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return
  const timedOut = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError'
  throw new TenonError(timedOut ? 'timeout' : 'cancelled', { cause: signal.reason })
}
