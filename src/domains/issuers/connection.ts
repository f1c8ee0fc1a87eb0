import type { KeyObject } from 'node:crypto'
import type { TokenAlgorithm } from '../../kernel/token-algorithms.ts'

/** An issuer whose people may sign in, and how its tokens are checked: all of it fixed by the operator. */
export interface Connection {
  readonly name: string
  readonly kind: 'oidc' | 'supabase'
  /** Exactly as the tokens have it. */
  readonly issuer: string
  readonly audiences: readonly string[]
  readonly signing: PublicKeys | SharedSecret
  readonly emailClaim: string
  readonly emailVerifiedClaim: string
  /** Of Supabase: whether it sends mail to every address before it gives out tokens. */
  readonly trustEmail: boolean
  /** Whether a token has to say by what name it could be revoked. */
  readonly requireJti: boolean
  /** No token lives longer. */
  readonly maxAgeSeconds: number
}

export interface PublicKeys {
  readonly algorithms: readonly TokenAlgorithm[]
  /** Where they are; found by the issuer's metadata when left out. */
  readonly jwksUrl?: string | undefined
}

/** Known to the issuer and to Tenon: HS256 alone is accepted with it. */
export interface SharedSecret {
  readonly secret: KeyObject
}

/** Of those who stand for a person at an issuer; the connection is its name. */
export interface Subject {
  readonly connection: string
  readonly subject: string
}
