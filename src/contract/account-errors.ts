import { EXIT, type ErrorSpec } from './error-spec.ts'

/** What stands in the way of people: accounts, sessions, members. */
export const ACCOUNT_ERRORS = {
  sign_in_failed: {
    httpStatus: 401,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'This e-mail address and password do not fit, or the code is wrong.',
    recovery: 'Try again, or set a new password by `POST /v1/accounts/password-reset`.',
  },
  last_owner: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'An organisation keeps at least one owner.',
    recovery: 'Make somebody else an owner first.',
  },
  member_exists: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This person is a member already.',
    recovery: 'Change the role of details.member with `tenon members set-role` if it is not the one that you want.',
  },
  invitation_exists: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This address has an open invitation already.',
    recovery: 'Send it again with `tenon invitations resend`, or revoke it first to invite to another role.',
  },
  invitation_ended: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This invitation was accepted or revoked.',
    recovery: 'List the members; if the person is not among them, invite them anew.',
  },
  invitation_invalid: {
    httpStatus: 404,
    exitCode: EXIT.notFound,
    retryable: false,
    message: 'This invitation is not good for your account.',
    recovery:
      'Sign in with the address that the mail was sent to, and verify it. If that is so, ask for a new invitation; details.reason may say why.',
  },
  email_unverified: {
    httpStatus: 403,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'This e-mail address is not confirmed yet.',
    recovery: 'Open the link in the mail; `POST /v1/accounts/verification` sends it again.',
  },
  mail_token_invalid: {
    httpStatus: 400,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'This link is not valid: it was used before, has expired, or is not complete.',
    recovery: 'Ask for a new mail, and open the link of the newest one.',
  },
  proof_wrong: {
    httpStatus: 403,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'The password or the code is not right.',
    recovery: 'Try again with the password of this account, or the newest code of the authenticator.',
  },
  second_factor_locked: {
    httpStatus: 429,
    exitCode: EXIT.limit,
    retryable: true,
    message: 'Too many wrong codes: the second factor of this account is locked for a while.',
    recovery: 'Wait for as long as `Retry-After` says, and sign in again.',
  },
  second_factor_active: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This account has a second factor already.',
    recovery: 'Take it away first by `POST /v1/accounts/two-factor/disable`.',
  },
  second_factor_missing: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This account has no second factor.',
    recovery: 'Begin with one by `POST /v1/accounts/two-factor`.',
  },
  external_account: {
    httpStatus: 403,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'This account is kept by an external issuer, which has its password and second factor.',
    recovery: 'Change them where you sign in.',
  },
} as const satisfies Record<string, ErrorSpec>
