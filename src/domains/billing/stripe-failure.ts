import { Stripe } from 'stripe'
import { TenonError } from '../../kernel/tenon-error.ts'

/** What Stripe has answered, without its text, its headers and what it repeats of a request: those may hold anything. */
export class StripeFailure extends Error {
  readonly code: string
  readonly status: number | undefined
  readonly stripeRequest: string | undefined

  constructor(code: string, { status, request }: { status?: number | undefined; request?: string | undefined }) {
    super(`Stripe: ${code}`)
    this.name = 'StripeFailure'
    this.code = code
    this.status = status
    this.stripeRequest = request
  }
}

/** What is kept of a failure; of any other error its name. */
export function failureCode(thrown: unknown): string {
  if (thrown instanceof TenonError) return thrown.code === 'billing_unavailable' ? causeCode(thrown) : thrown.code
  return thrown instanceof StripeFailure ? thrown.code : 'internal'
}

function causeCode({ cause, code }: TenonError): string {
  return cause instanceof StripeFailure ? cause.code : code
}

/**
 * Asks Stripe something.
 *
 * @throws TenonError `billing_unavailable`, with a `StripeFailure` as its cause
 */
export async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (thrown) {
    if (!(thrown instanceof Stripe.errors.StripeError)) throw thrown
    throw new TenonError('billing_unavailable', { cause: failureOf(thrown) })
  }
}

/** The same, and null for what Stripe does not know. */
export async function find<T>(question: () => Promise<T>): Promise<T | null> {
  try {
    return await ask(question)
  } catch (thrown) {
    if (thrown instanceof TenonError && causeCode(thrown) === 'resource_missing') return null
    throw thrown
  }
}

const MAX_KEYS = 5

/**
 * Asks Stripe to make something under a key of its own. An error of Stripe's own is repeated for the key that it was given
 * under, so that the next key is tried then; `made` looks whether the thing was made all the same.
 */
export async function make<T>(
  key: string,
  attempt: (idempotencyKey: string) => Promise<T>,
  made?: () => Promise<T | null>,
): Promise<T> {
  for (let n = 1; ; n++) {
    try {
      return await ask(() => attempt(n === 1 ? key : `${key}:${n}`))
    } catch (thrown) {
      const failure = thrown instanceof TenonError ? thrown.cause : undefined
      if (!(failure instanceof StripeFailure) || (failure.status ?? 0) < 500 || n === MAX_KEYS) throw thrown
      const there = (await made?.()) ?? null
      if (there !== null) return there
    }
  }
}

function failureOf(error: InstanceType<typeof Stripe.errors.StripeError>): StripeFailure {
  const code = typeof error.code === 'string' && error.code !== '' ? error.code : codeOfKind(error)
  return new StripeFailure(/^[a-z_]{1,80}$/.test(code) ? code : 'failed', {
    status: error.statusCode,
    request: error.requestId,
  })
}

function codeOfKind(error: InstanceType<typeof Stripe.errors.StripeError>): string {
  const { errors } = Stripe
  if (error instanceof errors.StripeConnectionError) return 'unreachable'
  if (error instanceof errors.StripeRateLimitError) return 'rate_limited'
  if (error instanceof errors.StripeAuthenticationError) return 'key_refused'
  if (error instanceof errors.StripePermissionError) return 'key_lacks_permission'
  if (error instanceof errors.StripeIdempotencyError) return 'idempotency_error'
  if (error instanceof errors.StripeInvalidRequestError) return 'invalid_request'
  return 'failed'
}
