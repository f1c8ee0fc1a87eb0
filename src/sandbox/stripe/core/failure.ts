/** An answer of the API that is no success, in Stripe's words. */
export interface FailureBody {
  readonly type: 'invalid_request_error' | 'idempotency_error' | 'card_error' | 'api_error'
  readonly message: string
  readonly code?: string
  readonly param?: string
  readonly decline_code?: string
  readonly charge?: string
  readonly payment_intent?: unknown
}

export class StripeFailure extends Error {
  readonly status: number
  readonly body: FailureBody
  /** What was done before it stays done: a declined card leaves its charge behind. */
  readonly keepsEffects: boolean
  /** The answer may be replayed for a key of idempotency: it came from the work, not from the check before it. */
  readonly replayable: boolean
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: number,
    body: FailureBody,
    more: { keepsEffects?: boolean; replayable?: boolean; headers?: Record<string, string> } = {},
  ) {
    super(body.message)
    this.status = status
    this.body = body
    this.keepsEffects = more.keepsEffects ?? false
    this.replayable = more.replayable ?? true
    this.headers = more.headers ?? {}
  }
}

/** 400: what was asked for can not be done. */
export function refused(message: string, more: { param?: string; code?: string } = {}): StripeFailure {
  return new StripeFailure(400, { type: 'invalid_request_error', message, ...more })
}

/** 400: a parameter is not what it has to be; found before any work, so never replayed. */
export function badParam(param: string, message: string, code?: string): StripeFailure {
  const body: FailureBody = { type: 'invalid_request_error', message, param, ...(code === undefined ? {} : { code }) }
  return new StripeFailure(400, body, { replayable: false })
}

export function missingResource(noun: string, id: string, param = 'id'): StripeFailure {
  return new StripeFailure(404, {
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${noun}: '${id}'`,
    param,
  })
}

/** For `Store.transaction`: what was done before this error stays. */
export function keepsEffects(error: unknown): boolean {
  return error instanceof StripeFailure && error.keepsEffects
}
