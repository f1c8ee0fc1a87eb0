import type { UserId } from '../../contract/ids.ts'

/** What members need to know of an account. */
export interface Person {
  readonly id: UserId
  readonly name: string
  /** In lower case; null for somebody whose issuer has told none. */
  readonly email: string | null
}

/** The accounts, as far as members know of them. */
export interface People {
  /** Those of these that there are, in any order. */
  findUsers(ids: readonly UserId[]): Promise<readonly Person[]>
  /** null when nobody has shown that this address is theirs. */
  userByEmail(email: string): Promise<Person | null>
  /** Everybody who can sign in, in pages by id. */
  verifiedUsers(after: string, limit: number): Promise<readonly { readonly id: UserId; readonly createdAt: string }[]>
}
