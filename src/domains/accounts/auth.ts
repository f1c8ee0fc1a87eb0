import { createHash, randomUUID } from 'node:crypto'
import { MAX_PASSWORD, MIN_PASSWORD } from '../../contract/accounts.ts'
import type { ErrorCode } from '../../contract/errors.ts'
import type { Ctx, Log } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import type { Passwords } from './passwords.ts'
import { signedCookie, type Secrets } from './signed.ts'

export const SESSION_SECONDS = 30 * 86_400
export const CHALLENGE_SECONDS = 600
export const LOCK_SECONDS = 900
const MAX_WRONG_CODES = 10
const ADDRESS_HEADER = 'x-tenon-address'

export interface AuthOptions {
  readonly db: Database
  readonly log: Log
  readonly secrets: Secrets
  readonly publicUrl: string
  readonly passwords: Passwords
}

export type Auth = Awaited<ReturnType<typeof load>>

/** better-auth, loaded when somebody needs it: it takes a third of a second and 50 MB. */
export function createAuth(options: AuthOptions): () => Promise<Auth> {
  let loading: Promise<Auth> | undefined
  return () => {
    loading ??= load(options).catch((error: unknown) => {
      loading = undefined
      throw error
    })
    return loading
  }
}

async function load({ db, log, secrets, publicUrl, passwords }: AuthOptions) {
  const [{ betterAuth }, { twoFactor }] = await Promise.all([
    import('better-auth'),
    import('better-auth/plugins/two-factor'),
  ])
  const auth = betterAuth({
    appName: 'Tenon',
    baseURL: publicUrl,
    // Given in full, so that it looks for none in the environment.
    secret: secrets[0],
    secrets: secrets.map((value) => ({ version: versionOf(value), value })),
    // As much of a pool as it uses.
    database: db.lendAccounts() as never,
    telemetry: { enabled: false },
    rateLimit: { enabled: false },
    logger: { level: 'error', log: (_level, message) => log.warn({}, `better-auth: ${message}`) },
    emailAndPassword: {
      enabled: true,
      requireEmailVerification: true,
      minPasswordLength: MIN_PASSWORD,
      maxPasswordLength: MAX_PASSWORD,
      password: passwords,
    },
    ...TABLES,
    advanced: {
      database: { generateId: ({ model }) => idOf(model), validateSchema: false },
      ipAddress: { disableIpTracking: true },
    },
    // As it is: better-auth keeps the network of an address alone.
    databaseHooks: {
      session: {
        create: {
          before: async (session, ctx) => ({
            data: { ...session, ipAddress: ctx?.headers?.get(ADDRESS_HEADER) ?? null },
          }),
        },
      },
    },
    plugins: [
      twoFactor({
        issuer: 'Tenon',
        twoFactorCookieMaxAge: CHALLENGE_SECONDS,
        accountLockout: { enabled: true, maxFailedAttempts: MAX_WRONG_CODES, durationSeconds: LOCK_SECONDS },
        schema: TWO_FACTOR_TABLES,
      }),
    ],
  })
  return { api: auth.api, context: await auth.$context }
}

const TIMES = { createdAt: 'created_at', updatedAt: 'updated_at' } as const

/** Ours, as the migrations have made them. */
const TABLES = {
  session: {
    modelName: 'user_sessions',
    fields: {
      userId: 'user_id',
      ipAddress: 'ip_address',
      userAgent: 'user_agent',
      expiresAt: 'expires_at',
      ...TIMES,
    },
    expiresIn: SESSION_SECONDS,
    cookieCache: { enabled: false },
  },
  user: { modelName: 'users', fields: { emailVerified: 'email_verified', ...TIMES } },
  account: {
    modelName: 'user_accounts',
    fields: { userId: 'user_id', providerId: 'provider_id', accountId: 'account_id', ...TIMES },
  },
  verification: {
    modelName: 'verifications',
    fields: { expiresAt: 'expires_at', ...TIMES },
    storeIdentifier: 'hashed',
  },
} as const

const TWO_FACTOR_TABLES = {
  user: { fields: { twoFactorEnabled: 'two_factor_enabled' } },
  twoFactor: {
    modelName: 'two_factors',
    fields: {
      userId: 'user_id',
      backupCodes: 'backup_codes',
      failedVerificationCount: 'failed_verification_count',
      lockedUntil: 'locked_until',
    },
  },
}

function idOf(model: string): string {
  if (model === 'user') return newId('user')
  return model === 'session' ? newId('session') : randomUUID()
}

/** Stands in what is encrypted with it; the same wherever the secret stands in the list. */
function versionOf(secret: string): number {
  return Number.parseInt(createHash('sha256').update(secret).digest('hex').slice(0, 7), 16)
}

/** What better-auth is told of a caller. */
export function headersOf({ address, userAgent }: Ctx, cookie?: string): Headers {
  const headers = new Headers({ [ADDRESS_HEADER]: address })
  if (userAgent !== undefined) headers.set('user-agent', userAgent.slice(0, 256))
  if (cookie !== undefined) headers.set('cookie', cookie)
  return headers
}

export function sessionHeaders(ctx: Ctx, auth: Auth, secrets: Secrets, token: string): Headers {
  return headersOf(ctx, signedCookie(secrets, auth.context.authCookies.sessionToken.name, token))
}

/** What a cookie of an answer has before its signature. */
export function valueIn(headers: Headers, name: string): string | null {
  const cookie = headers.getSetCookie().find((text) => text.startsWith(`${name}=`))
  const value = decodeURIComponent(cookie?.slice(name.length + 1).split(';')[0] ?? '')
  const end = value.lastIndexOf('.')
  return end > 0 ? value.slice(0, end) : null
}

/** Runs what better-auth has, and names its refusals as the contract does. */
export async function asked<T>(errors: Readonly<Record<string, ErrorCode>>, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (thrown) {
    const code = errors[refusalOf(thrown)]
    if (code === undefined) throw thrown
    const details = code === 'second_factor_locked' ? { details: { retryAfterSeconds: LOCK_SECONDS } } : {}
    throw new TenonError(code, { ...details, cause: thrown })
  }
}

function refusalOf(thrown: unknown): string {
  if (typeof thrown !== 'object' || thrown === null || !('body' in thrown)) return ''
  const { body } = thrown
  return typeof body === 'object' && body !== null && 'code' in body ? String(body.code) : ''
}
