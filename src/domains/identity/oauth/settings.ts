import type { TokenAlgorithm } from '../../../kernel/token-algorithms.ts'

/** Whose access tokens are accepted, and what they have to say. */
export interface OAuthSettings {
  /** Exactly as the tokens and the issuer's own metadata have it: a slash at the end counts. */
  readonly issuer: string
  /** A token has to be for one of these. */
  readonly audiences: readonly string[]
  readonly algorithms: readonly TokenAlgorithm[]
  /** The claim that names the organisation, by slug or id. */
  readonly orgClaim: string
}
