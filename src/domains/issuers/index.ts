import type { BoundVerb } from '../../kernel/verb.ts'
import { createPersonTokens, type PersonTokens, type PersonTokensOptions } from './authenticate-person.ts'
import { createRevocations, removeEndedRevocations } from './revocations.ts'
import { revokeTokenVerb } from './revoke-token.ts'

export type { Connection } from './connection.ts'
export type { CreatePerson, NewPerson } from './first-visit.ts'

export interface Issuers extends PersonTokens {
  readonly verbs: readonly BoundVerb[]
  sweep(): Promise<void>
}

export type IssuersOptions = Omit<PersonTokensOptions, 'revocations'>
/** What the operator has said of issuers. */
export type IssuerSettings = Pick<IssuersOptions, 'connections' | 'timings'>

/** People who sign in at an issuer that the operator has named. */
export function createIssuers(options: IssuersOptions): Issuers {
  const { db, connections } = options
  const revocations = createRevocations(db)
  return {
    ...createPersonTokens({ ...options, revocations }),
    verbs: [revokeTokenVerb(connections, revocations)],
    sweep: () => removeEndedRevocations(db),
  }
}
