import type { UserId } from '../../contract/ids.ts'
import { statement } from '../../kernel/statement.ts'

export interface UserRow {
  id: UserId
  email: string
  name: string
  emailVerified: boolean
}

/** Nothing when somebody has the address already. */
export const insertUser = statement<
  { id: string; email: string; name: string; verified: boolean; now: Date },
  { id: UserId }
>(
  'accounts.insertUser',
  `insert into users (id, email, name, email_verified, created_at, updated_at)
   values (:id, :email, :name, :verified, :now, :now) on conflict (email) do nothing returning id`,
)

/** Somebody whom an issuer vouches for. Nothing when the id is there, or somebody has the address already. */
export const insertForeignUser = statement<
  { id: string; email: string | null; name: string; now: Date },
  { id: UserId }
>(
  'accounts.insertForeignUser',
  `insert into users (id, email, name, email_verified, created_at, updated_at)
   values (:id, :email, :name, true, :now, :now) on conflict do nothing returning id`,
)

/** A sign-up that nobody has confirmed holds no address that somebody else has shown to be theirs. */
export const deleteUnconfirmedUser = statement<{ email: string }>(
  'accounts.deleteUnconfirmedUser',
  'delete from users where email = :email and not email_verified',
)

export const selectUserByEmail = statement<{ email: string }, UserRow>(
  'accounts.userByEmail',
  'select id, email, name, email_verified from users where email = :email',
)

/** Whoever comes from an issuer has no password, and gets none by mail: they would outlast what the issuer takes away. */
export const selectPasswordUser = statement<{ email: string }, { id: UserId; name: string; password: string }>(
  'accounts.passwordUser',
  `select u.id, u.name, a.password from users u join user_accounts a on a.user_id = u.id
   where u.email = :email and a.provider_id = 'credential' and a.password is not null`,
)

/** Held to the end of the transaction. */
export const lockUserByEmail = statement<{ email: string }, UserRow>(
  'accounts.lockUserByEmail',
  'select id, email, name, email_verified from users where email = :email for update',
)

export const selectUsers = statement<
  { ids: string[] },
  { id: UserId; email: string | null; name: string; twoFactor: boolean }
>('accounts.users', 'select id, email, name, two_factor_enabled as two_factor from users where id = any(:ids::text[])')

export const selectVerifiedUsers = statement<{ after: string; limit: number }, { id: UserId; createdAt: string }>(
  'accounts.verifiedUsers',
  'select id, created_at from users where email_verified and id > :after order by id limit :limit',
)

export const setPassword = statement<{ id: string; user: string; hash: string; now: Date }>(
  'accounts.setPassword',
  `insert into user_accounts (id, user_id, provider_id, account_id, password, created_at, updated_at)
   values (:id, :user, 'credential', :user, :hash, :now, :now)
   on conflict (user_id, provider_id) do update set password = excluded.password, updated_at = excluded.updated_at`,
)

export const selectPassword = statement<{ user: string }, { password: string | null }>(
  'accounts.password',
  `select password from user_accounts where user_id = :user and provider_id = 'credential'`,
)

/** Held to the end of the transaction. */
export const lockPassword = statement<{ user: string }, { password: string | null }>(
  'accounts.lockPassword',
  `select password from user_accounts where user_id = :user and provider_id = 'credential' for update`,
)

export const rename = statement<{ user: string; name: string; now: Date }>(
  'accounts.rename',
  'update users set name = :name, updated_at = :now where id = :user',
)

/** Nothing when it was confirmed before, so that an older link changes nothing any more. */
export const confirmUser = statement<{ user: string; now: Date }, { id: UserId }>(
  'accounts.confirm',
  'update users set email_verified = true, updated_at = :now where id = :user and not email_verified returning id',
)

export const insertVerification = statement<{
  id: string
  identifier: string
  value: string
  seconds: number
}>(
  'accounts.insertVerification',
  `insert into verifications (id, identifier, value, expires_at, created_at, updated_at)
   values (:id, :identifier, :value, clock_timestamp() + :seconds * interval '1 second', clock_timestamp(), clock_timestamp())`,
)

/** Of two that come with the same, one finds it. */
export const takeVerification = statement<{ identifier: string }, { value: string }>(
  'accounts.takeVerification',
  'delete from verifications where identifier = :identifier and expires_at > clock_timestamp() returning value',
)

export const selectVerification = statement<{ identifier: string }, { value: string }>(
  'accounts.verification',
  'select value from verifications where identifier = :identifier and expires_at > clock_timestamp()',
)

const SESSION = `id, created_at, expires_at, nullif(ip_address, '') as address, nullif(user_agent, '') as user_agent`

export interface SessionRow {
  id: `session_${string}`
  createdAt: string
  expiresAt: string
  address: string | null
  userAgent: string | null
}

export const selectSession = statement<{ token: string }, { id: string; userId: UserId; renewable: boolean }>(
  'accounts.session',
  `select s.id, s.user_id, s.updated_at <= clock_timestamp() - interval '1 day' as renewable
   from user_sessions s join users u on u.id = s.user_id
   where s.token = :token and s.expires_at > clock_timestamp() and u.email_verified`,
)

export const renewSession = statement<{ id: string; seconds: number }>(
  'accounts.renewSession',
  `update user_sessions set updated_at = clock_timestamp(), expires_at = clock_timestamp() + :seconds * interval '1 second'
   where id = :id and updated_at <= clock_timestamp() - interval '1 day'`,
)

export const selectToken = statement<{ id: string; user: string }, { token: string }>(
  'accounts.tokenOfSession',
  'select token from user_sessions where id = :id and user_id = :user and expires_at > clock_timestamp()',
)

export const selectSessions = statement<{ user: string; limit: number }, SessionRow>(
  'accounts.sessions',
  `select ${SESSION} from user_sessions where user_id = :user and expires_at > clock_timestamp()
   order by id desc limit :limit`,
)

export const deleteSession = statement<{ id: string; user: string }, SessionRow>(
  'accounts.deleteSession',
  `delete from user_sessions where id = :id and user_id = :user and expires_at > clock_timestamp() returning ${SESSION}`,
)

/**
 * Of somebody whose password is not that any more which has let them in. A change of it that is under way is waited for:
 * whichever comes last, this or the end of all sessions, finds the session.
 */
export const deleteOvertaken = statement<{ token: string; user: string; password: string | null }, { id: string }>(
  'accounts.deleteOvertaken',
  `with account as (
     select password from user_accounts where user_id = :user and provider_id = 'credential' for share)
   delete from user_sessions
   where token = :token and (select password from account) is distinct from :password::text returning id`,
)

export const deleteSessions = statement<{ user: string }>(
  'accounts.deleteSessions',
  'delete from user_sessions where user_id = :user',
)

export const selectTwoFactor = statement<{ user: string }, { verified: boolean }>(
  'accounts.twoFactor',
  'select verified from two_factors where user_id = :user',
)

export const deleteEnded = statement<object>(
  'accounts.deleteEnded',
  `with gone as (delete from verifications where expires_at < clock_timestamp() - interval '1 hour')
   delete from user_sessions where expires_at < clock_timestamp() - interval '1 hour'`,
)

/** An address that nobody has confirmed is free again after a week. */
export const deleteUnconfirmed = statement<object>(
  'accounts.deleteUnconfirmed',
  `delete from users where not email_verified and created_at < clock_timestamp() - interval '7 days'
     and updated_at < clock_timestamp() - interval '7 days'`,
)
