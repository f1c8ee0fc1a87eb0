import type { Person } from '../../contract/accounts.ts'
import { isId } from '../../contract/ids.ts'

/** A user of better-auth, whose ids are ours. */
export function personOf(
  { id, email, name }: { readonly id: string; readonly email: string; readonly name: string },
  { twoFactor }: Pick<Person, 'twoFactor'>,
): Person {
  if (!isId('user', id)) throw new Error('a user has an id of another form')
  return { id, email, name, twoFactor }
}
