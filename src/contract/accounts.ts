import { z } from 'zod'
import { timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'

export const MIN_PASSWORD = 10
export const MAX_PASSWORD = 128

const email = z.email().max(254).describe('E-mail address; upper and lower case are the same')
const newPassword = z
  .string()
  .min(MIN_PASSWORD)
  .max(MAX_PASSWORD)
  .describe(`Password, ${MIN_PASSWORD} to ${MAX_PASSWORD} characters, of any kind`)
const password = z.string().min(1).max(MAX_PASSWORD)
const token = z.string().min(1).max(256)
/** In every answer that begins a session. */
const cookie = z
  .boolean()
  .default(false)
  .describe('For a browser: the session comes as a cookie that no script can read, and `token` is null')
/** An authenticator's, or one that is kept for the day when that is lost. */
const code = z.string().trim().min(6).max(32).describe('Six digits of the authenticator, or a backup code')

export const person = z.strictObject({
  id: idSchema('user'),
  email: z.string().nullable().describe('null when an external issuer has told none that is theirs alone'),
  name: z.string(),
  twoFactor: z.boolean().describe('Signing in takes a second factor'),
})
export type Person = z.output<typeof person>

export const begunSession = z.strictObject({
  token: z.string().nullable().describe('A bearer credential: shown this once; null when it came as a cookie'),
  expiresAt: timestamp.describe('When it ends unless it is used before; UTC, ISO 8601'),
})

const sent = z.strictObject({ sent: z.literal(true) })
const renewed = z.strictObject({ session: begunSession.describe('In place of that of the call, which has ended') })

const NO_AGENT = { absent: 'an agent must not act on accounts of people' } as const
const IN_BROWSER = { absent: 'the page that the mail leads to does it' } as const

export const signUp = defineOperation({
  name: 'accounts.signUp',
  summary: 'Sign up with e-mail and password',
  description:
    'Sends a mail with a link that confirms the address; until then nobody can sign in. The answer is the same when there is an account with this address already: its owner gets a mail that says so.',
  method: 'POST',
  path: '/v1/accounts',
  auth: 'public',
  scope: null,
  tx: 'none',
  signIn: 'email',
  body: z.strictObject({
    email,
    password: newPassword,
    name: z
      .string()
      .trim()
      .min(1)
      .max(120)
      .regex(/^\P{Cc}*$/u, 'Without control characters')
      .describe('Name for people'),
  }),
  output: sent,
  status: 202,
  audited: false,
  idempotent: true,
  surfaces: {
    mcp: NO_AGENT,
    cli: {
      command: 'accounts sign-up',
      args: ['email'],
      secret: 'password',
      examples: [
        'tenon accounts sign-up ada@example.com --name Ada --password -  # reads it from the standard input',
        'tenon accounts sign-up ada@example.com --name Ada --password - < password.txt',
      ],
    },
  },
})

export const verifyEmail = defineOperation({
  name: 'accounts.verifyEmail',
  summary: 'Confirm an e-mail address',
  description: 'With the token of the link in the mail, which works once, for 24 hours.',
  method: 'POST',
  path: '/v1/accounts/verify',
  auth: 'public',
  scope: null,
  tx: 'none',
  body: z.strictObject({ token: token.describe('Of the link in the mail') }),
  output: z.strictObject({ verified: z.literal(true) }),
  audited: false,
  errors: ['mail_token_invalid'],
  idempotent: false,
  surfaces: {
    mcp: NO_AGENT,
    cli: {
      command: 'accounts verify',
      secret: 'token',
      examples: [
        'tenon accounts verify --token -  # reads what follows ?token= in the link',
        'tenon accounts verify --token - < token.txt',
      ],
    },
  },
})

export const resendVerification = defineOperation({
  name: 'accounts.resendVerification',
  summary: 'Send the mail that confirms an address again',
  description: 'The same answer whether or not there is such an account, and whether or not it is confirmed already.',
  method: 'POST',
  path: '/v1/accounts/verification',
  auth: 'public',
  scope: null,
  tx: 'none',
  signIn: 'email',
  body: z.strictObject({ email }),
  output: sent,
  status: 202,
  audited: false,
  idempotent: true,
  surfaces: { mcp: NO_AGENT, cli: { absent: 'signing up again sends the mail again' } },
})

export const requestPasswordReset = defineOperation({
  name: 'accounts.requestPasswordReset',
  summary: 'Ask for a new password',
  description: 'Sends a link that sets a new password, when there is such an account. The answer is always the same.',
  method: 'POST',
  path: '/v1/accounts/password-reset',
  auth: 'public',
  scope: null,
  tx: 'none',
  signIn: 'email',
  body: z.strictObject({ email }),
  output: sent,
  status: 202,
  audited: false,
  idempotent: true,
  surfaces: { mcp: NO_AGENT, cli: IN_BROWSER },
})

export const resetPassword = defineOperation({
  name: 'accounts.resetPassword',
  summary: 'Set a new password by mail',
  description:
    'With the token of the link in the mail, which works once, for an hour, while the password is the one of when it was sent. All sessions of the account end; its address is confirmed with it. A second factor stays.',
  method: 'POST',
  path: '/v1/accounts/password-reset/confirm',
  auth: 'public',
  scope: null,
  tx: 'none',
  body: z.strictObject({ token: token.describe('Of the link in the mail'), password: newPassword }),
  output: z.strictObject({ changed: z.literal(true) }),
  audited: false,
  errors: ['mail_token_invalid'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: IN_BROWSER },
})

export const changePassword = defineOperation({
  name: 'accounts.changePassword',
  summary: 'Change the password',
  description: 'All sessions of the account end, that of the call too; a new one takes its place.',
  method: 'POST',
  path: '/v1/accounts/password',
  auth: 'session',
  scope: null,
  tx: 'none',
  proves: true,
  body: z.strictObject({ currentPassword: password.describe('The password as it is'), newPassword, cookie }),
  output: renewed,
  audited: false,
  reveals: true,
  errors: ['proof_wrong', 'external_account'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: { absent: 'the command line keeps no session that could be renewed' } },
})

export const createSession = defineOperation({
  name: 'sessions.create',
  summary: 'Sign in',
  description:
    'Answers a session, or with a second factor a challenge for `POST /v1/sessions/second-factor`. The token is sent as a bearer. A session ends after 30 days without use. Ten tries in 15 minutes for each account, whoever makes them.',
  method: 'POST',
  path: '/v1/sessions',
  auth: 'public',
  scope: null,
  tx: 'none',
  signIn: 'email',
  body: z.strictObject({ email, password: password.describe('The password'), cookie }),
  output: z.strictObject({
    session: begunSession.nullable().describe('null when a second factor is needed'),
    secondFactor: z
      .strictObject({
        challenge: z.string().describe('Goes with the code; shown this once'),
        expiresAt: timestamp,
      })
      .nullable(),
    user: person.nullable().describe('null until the second factor is given'),
  }),
  status: 201,
  audited: false,
  reveals: true,
  errors: ['sign_in_failed', 'email_unverified'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: { absent: 'the command line keeps no session; it calls with an API key' } },
})

export const confirmSession = defineOperation({
  name: 'sessions.confirm',
  summary: 'Sign in with the second factor',
  description:
    'A code works once. Five wrong codes end the challenge; ten in a row lock the second factor of the account for 15 minutes.',
  method: 'POST',
  path: '/v1/sessions/second-factor',
  auth: 'public',
  scope: null,
  tx: 'none',
  signIn: 'challenge',
  body: z.strictObject({
    challenge: z.string().min(1).max(254).describe('Of the answer of `POST /v1/sessions`'),
    code,
    cookie,
  }),
  output: z.strictObject({ session: begunSession, user: person }),
  status: 201,
  audited: false,
  reveals: true,
  errors: ['sign_in_failed', 'second_factor_locked'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: { absent: 'the command line keeps no session; it calls with an API key' } },
})

export const session = z.strictObject({
  id: idSchema('session'),
  current: z.boolean().describe('That of this call'),
  createdAt: timestamp,
  expiresAt: timestamp,
  address: z.string().nullable().describe('Network address that it was begun from'),
  userAgent: z.string().nullable().describe('Program that it was begun with, as it calls itself'),
})
export type Session = z.output<typeof session>

export const listSessions = defineOperation({
  name: 'sessions.list',
  summary: 'List your sessions',
  description: 'Newest first, at most 200. Those that have ended are not among them.',
  method: 'GET',
  path: '/v1/sessions',
  auth: 'session',
  scope: null,
  tx: 'none',
  output: z.array(session),
  idempotent: true,
  surfaces: {
    mcp: NO_AGENT,
    cli: {
      command: 'sessions list',
      examples: ['tenon sessions list  # with a session in TENON_API_KEY', 'tenon sessions list --json'],
    },
  },
})

export const revokeSession = defineOperation({
  name: 'sessions.revoke',
  summary: 'End one of your sessions',
  description: 'It is refused by every node from then on.',
  method: 'DELETE',
  path: '/v1/sessions/{session}',
  auth: 'session',
  scope: null,
  tx: 'none',
  params: z.strictObject({ session: z.string().min(1).max(64).describe('Id of the session') }),
  output: session,
  audited: false,
  rescue: true,
  idempotent: false,
  destructive: true,
  surfaces: {
    mcp: NO_AGENT,
    cli: {
      command: 'sessions revoke',
      args: ['session'],
      examples: [
        'tenon sessions revoke session_01jd2m5x8qf3v7w9y0z1a2b3c4',
        'tenon sessions revoke session_01jd2m5x8qf3v7w9y0z1a2b3c4 --yes',
      ],
    },
  },
})

export const endSession = defineOperation({
  name: 'sessions.end',
  summary: 'Sign out',
  description: 'The session of this call is refused by every node from then on; a browser forgets its cookie.',
  method: 'POST',
  path: '/v1/sessions/end',
  auth: 'session',
  scope: null,
  tx: 'none',
  output: z.strictObject({ ended: z.literal(true) }),
  audited: false,
  rescue: true,
  idempotent: false,
  surfaces: {
    mcp: NO_AGENT,
    cli: {
      command: 'sessions end',
      examples: ['tenon sessions end  # with a session in TENON_API_KEY', 'tenon sessions end --json'],
    },
  },
})

const BY_SESSION = { absent: 'it belongs beside an authenticator, and the command line keeps no session' } as const

export const enableTwoFactor = defineOperation({
  name: 'twoFactor.enable',
  summary: 'Begin with a second factor',
  description:
    'Answers what an authenticator needs, and backup codes that each work once. It counts as soon as a code has confirmed it; asked for again before that, it is made anew.',
  method: 'POST',
  path: '/v1/accounts/two-factor',
  auth: 'session',
  scope: null,
  tx: 'none',
  proves: true,
  body: z.strictObject({ password: password.describe('The password') }),
  output: z.strictObject({
    totpUri: z.string().describe('For an authenticator (otpauth:), most often as a QR code; shown this once'),
    backupCodes: z.array(z.string()).describe('Shown this once'),
  }),
  audited: false,
  reveals: true,
  errors: ['proof_wrong', 'second_factor_active', 'external_account'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: BY_SESSION },
})

export const confirmTwoFactor = defineOperation({
  name: 'twoFactor.confirm',
  summary: 'Confirm the second factor',
  description: 'With a code of the authenticator. From then on signing in takes one.',
  method: 'POST',
  path: '/v1/accounts/two-factor/confirm',
  auth: 'session',
  scope: null,
  tx: 'none',
  body: z.strictObject({
    code: z
      .string()
      .regex(/^\d{6}$/, 'Six digits')
      .describe('Six digits of the authenticator'),
    cookie,
  }),
  output: renewed,
  audited: false,
  reveals: true,
  errors: ['proof_wrong', 'second_factor_active', 'second_factor_missing', 'external_account'],
  idempotent: false,
  surfaces: { mcp: NO_AGENT, cli: BY_SESSION },
})

export const disableTwoFactor = defineOperation({
  name: 'twoFactor.disable',
  summary: 'Take the second factor away',
  description: 'Backup codes and secret are removed.',
  method: 'POST',
  path: '/v1/accounts/two-factor/disable',
  auth: 'session',
  scope: null,
  tx: 'none',
  proves: true,
  body: z.strictObject({ password: password.describe('The password'), cookie }),
  output: renewed,
  audited: false,
  reveals: true,
  errors: ['proof_wrong', 'second_factor_missing', 'external_account'],
  idempotent: false,
  destructive: true,
  surfaces: { mcp: NO_AGENT, cli: BY_SESSION },
})
