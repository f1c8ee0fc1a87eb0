import { StripeFailure } from '../core/failure.ts'

/** What is sent back. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly headers: Readonly<Record<string, string>>
}

export function jsonAnswer(status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): Answer {
  const body = `${JSON.stringify(value, null, 2)}\n`
  return { status, body, headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers } }
}

export function failureAnswer(failure: StripeFailure): Answer {
  return jsonAnswer(failure.status, { error: failure.body }, failure.headers)
}

/** Of what nobody expected: no text of it is sent. */
export function failureOf(error: unknown): StripeFailure {
  if (error instanceof StripeFailure) return error
  return new StripeFailure(500, { type: 'api_error', message: 'The sandbox has failed: this is a mistake of its own.' })
}
