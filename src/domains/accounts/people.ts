import type { UserId } from '../../contract/ids.ts'
import { newId } from '../../kernel/ids.ts'
import {
  confirmUser,
  deleteUnconfirmedUser,
  insertForeignUser,
  insertUser,
  lockUserByEmail,
  selectUserByEmail,
  selectUsers,
  selectVerifiedUsers,
} from './accounts.sql.ts'
import type { Deps } from './deps.ts'
import { keepPassword } from './sign-up.ts'

export interface KnownUser {
  readonly id: UserId
  /** null for somebody whom an issuer vouches for without an address of their own. */
  readonly email: string | null
  readonly name: string
}

/** What other domains ask about people. */
export interface People {
  /** In no order; who is gone is not among them. */
  findUsers(ids: readonly UserId[]): Promise<readonly (KnownUser & { readonly twoFactor: boolean })[]>
  /** null when nobody has confirmed this address. */
  userByEmail(email: string): Promise<KnownUser | null>
  /** Everybody who can sign in, in pages by id. */
  verifiedUsers(after: string, limit?: number): Promise<readonly { readonly id: UserId; readonly createdAt: string }[]>
  /**
   * Makes the account of somebody who signs in at an issuer, unless there is one with this id. The address is one that the
   * issuer has checked; one that somebody has confirmed here is left out, since nobody comes by it into their account.
   */
  createForeignUser(user: { readonly id: UserId; readonly email: string | null; readonly name: string }): Promise<void>
  /** For the first start alone: an account whose address needs no mail. With the same address it is the same account, with this password. */
  createVerifiedUser(user: {
    readonly email: string
    readonly password: string
    readonly name: string
  }): Promise<UserId>
}

const PAGE = 500

export function people({ db, clock, passwords }: Deps): People {
  return {
    findUsers: (ids) => db.accounts.run(selectUsers, { ids: [...ids] }),
    userByEmail: async (email) => {
      const [user] = await db.accounts.run(selectUserByEmail, { email: email.toLowerCase() })
      return user?.emailVerified === true ? { id: user.id, email: user.email, name: user.name } : null
    },
    verifiedUsers: (after, limit = PAGE) => db.accounts.run(selectVerifiedUsers, { after, limit }),
    createForeignUser: async (user) => {
      const now = clock.now()
      if (user.email !== null) await db.accounts.run(deleteUnconfirmedUser, { email: user.email })
      await db.accounts.run(insertForeignUser, { ...user, now })
      if (user.email !== null) await db.accounts.run(insertForeignUser, { ...user, email: null, now })
    },
    createVerifiedUser: async ({ email: given, password, name }) => {
      const email = given.toLowerCase()
      const hash = await passwords.hash(password)
      const now = clock.now()
      return db.cross('accounts', async (sql) => {
        await sql.run(insertUser, { id: newId('user'), email, name, verified: true, now })
        const [user] = await sql.run(lockUserByEmail, { email })
        if (user === undefined) throw new Error('the account is not there')
        await sql.run(confirmUser, { user: user.id, now })
        await keepPassword(sql, { user: user.id, hash, now })
        return user.id
      })
    },
  }
}
