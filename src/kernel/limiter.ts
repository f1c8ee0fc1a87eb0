import type { KeyActor, OrgRef } from './ctx.ts'

/** Whom a call is counted on. */
export type LimitedCaller =
  /** Without a key it is the call of a token, which has no limit of its own. */
  | { readonly kind: 'org'; readonly org: OrgRef; readonly key: KeyActor | null }
  | { readonly kind: 'root' | 'anonymous'; readonly address: string }
  /** A person, where no organisation is concerned. */
  | { readonly kind: 'user'; readonly user: string }
  | { readonly kind: 'rescue'; readonly address: string; readonly key: string }
  | { readonly kind: 'signIn'; readonly address: string }
  /** On which somebody tries to sign in, or to show its password. */
  | { readonly kind: 'signInAccount'; readonly account: string }

/** Where a caller stands with the limit that is nearest to being reached. */
export interface RateState {
  readonly limit: number
  readonly remaining: number
  readonly resetSeconds: number
  /** All limits that apply, each with its window in seconds. */
  readonly policy: readonly { readonly name: string; readonly limit: number; readonly windowSeconds: number }[]
}

export interface Limiter {
  /**
   * Counts one call. A limiter that fails in any other way than this refuses the call.
   *
   * @throws TenonError `rate_limited` with `details.retryAfterSeconds`
   */
  take(caller: LimitedCaller): Promise<RateState | null>
}
