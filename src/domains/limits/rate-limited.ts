import { TenonError } from '../../kernel/tenon-error.ts'

/** A refusal that says which window is full and when to come again: never sooner than in a second. */
export function rateLimited(window: string, limit: number, seconds: number): TenonError {
  const retryAfterSeconds = Math.max(1, Math.ceil(seconds))
  return new TenonError('rate_limited', { details: { window, limit, retryAfterSeconds } })
}
