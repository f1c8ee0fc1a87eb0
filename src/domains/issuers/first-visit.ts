import type { UserId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import type { Database } from '../../platform/db/index.ts'
import { claimIdentity, markIdentityMade, selectIdentity } from './issuers.sql.ts'
import type { VerifiedPerson } from './verify-person.ts'

export interface NewPerson {
  readonly id: UserId
  /** Checked by the issuer. An address that somebody has here already is left out: nobody comes by it into their account. */
  readonly email: string | null
  readonly name: string
}

/** Makes the user unless there is one with this id. */
export type CreatePerson = (person: NewPerson) => Promise<void>

/**
 * Which user this is; the first visit makes one. The id is settled before the user is made, in a row that is there once:
 * of many at the same moment, and of tries that a crash has cut, all make the same one.
 */
export async function userOf(
  { db, createPerson }: { readonly db: Database; readonly createPerson: CreatePerson },
  connection: string,
  { subject, email, name }: VerifiedPerson,
): Promise<UserId> {
  const who = { connection, subject }
  const [known] = await db.accounts.run(selectIdentity, who)
  if (known !== undefined && known.madeAt !== null) return known.userId
  const [claimed] = await db.accounts.run(claimIdentity, { ...who, userId: newId('user') })
  if (claimed === undefined) throw new Error('the identity of a person was not kept')
  if (claimed.madeAt === null) {
    await createPerson({ id: claimed.userId, email, name })
    await db.accounts.run(markIdentityMade, who)
  }
  return claimed.userId
}
