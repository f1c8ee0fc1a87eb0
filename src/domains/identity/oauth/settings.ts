/** Signatures that can be made with a private key alone: `none` and secrets shared with the issuer are not among them. */
export const TOKEN_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const
export type TokenAlgorithm = (typeof TOKEN_ALGORITHMS)[number]

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
