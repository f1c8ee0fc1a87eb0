/**
 * The one table of errors. A code decides the HTTP status, the CLI's exit code, whether a caller may try again,
 * the text that people see and the step that helps them. Nothing of an exception's own message ever leaves;
 * what a thrower knows to be safe goes into `details`.
 */

/** Exit codes of the CLI, after sysexits where one fits. */
export const EXIT = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  refused: 4,
  limit: 5,
  conflict: 6,
  internal: 70,
  tryAgain: 75,
} as const

export interface ErrorSpec {
  /** HTTP status; null for an error that only a local command can meet. */
  readonly httpStatus: number | null
  readonly exitCode: number
  /** The same call may succeed later without a change. */
  readonly retryable: boolean
  /** Fixed text for people. */
  readonly message: string
  /** What to do next. */
  readonly recovery: string
}

const INVALID = 'Invalid request. Please check your input.'

export const ERRORS = {
  validation_failed: {
    httpStatus: 400,
    exitCode: EXIT.usage,
    retryable: false,
    message: INVALID,
    recovery: 'Correct the fields listed in details.issues and send the request again.',
  },
  malformed_json: {
    httpStatus: 400,
    exitCode: EXIT.usage,
    retryable: false,
    message: INVALID,
    recovery: 'Send a body that is valid JSON in UTF-8.',
  },
  invalid_cursor: {
    httpStatus: 400,
    exitCode: EXIT.usage,
    retryable: false,
    message: INVALID,
    recovery: 'Use a cursor exactly as meta.pagination.nextCursor gave it, with the same filters, or leave it out.',
  },
  unauthenticated: {
    httpStatus: 401,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'Session expired. Please log in again.',
    recovery: 'Send an API key as `Authorization: Bearer <key>` or `X-API-Key: <key>`.',
  },
  invalid_api_key: {
    httpStatus: 401,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'Invalid or expired API key.',
    recovery: 'Check the key for a typing error, or ask an owner of the organisation for a new one.',
  },
  forbidden: {
    httpStatus: 403,
    exitCode: EXIT.refused,
    retryable: false,
    message: "You don't have access to this resource.",
    recovery: 'Use a key that may do this; details say what this one lacks.',
  },
  not_found: {
    httpStatus: 404,
    exitCode: EXIT.notFound,
    retryable: false,
    message: "We couldn't find what you asked for.",
    recovery: 'Check the id or name, and that the key belongs to the same organisation.',
  },
  method_not_allowed: {
    httpStatus: 405,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'This address does not support that method.',
    recovery: 'Use a method listed in the Allow header.',
  },
  organization_exists: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'An organisation with this slug exists already.',
    recovery: 'Choose another slug.',
  },
  api_key_inactive: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This API key is revoked, expired or rotated already.',
    recovery: 'List the keys and choose the newest of its line, or create a new one.',
  },
  idempotency_in_progress: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: true,
    message: 'A request with this Idempotency-Key is under way.',
    recovery: 'Wait a few seconds, then send the same request again to get its answer.',
  },
  repository_exists: {
    httpStatus: 409,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'Another repository has this name already.',
    recovery: 'Choose another name, or delete the repository that has it.',
  },
  payload_too_large: {
    httpStatus: 413,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'The request is too large.',
    recovery: 'Send at most the number of bytes in details.limitBytes.',
  },
  unsupported_media_type: {
    httpStatus: 415,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'This content type is not supported.',
    recovery: 'Send the body as `Content-Type: application/json`.',
  },
  idempotency_key_reused: {
    httpStatus: 422,
    exitCode: EXIT.conflict,
    retryable: false,
    message: 'This Idempotency-Key was used for another request.',
    recovery: 'Send the very same request with the same credential, or use a new key for a new request.',
  },
  source_invalid: {
    httpStatus: 422,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'This is not a git address that can be used.',
    recovery: 'Give an https URL without credentials, `owner/name`, or an absolute path of a local repository.',
  },
  source_forbidden: {
    httpStatus: 422,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'Repositories can not be read from this address.',
    recovery:
      'Only https hosts with public addresses are read; an operator can allow a private host by TENON_GIT_ALLOW_HOSTS and a local folder by TENON_LOCAL_REPOS.',
  },
  source_not_a_repository: {
    httpStatus: 422,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'There is no git repository at this address.',
    recovery: 'Check the address; a private repository needs credentials.',
  },
  source_unreachable: {
    httpStatus: 422,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The git server could not be reached.',
    recovery: 'Check the host name, then try again.',
  },
  ref_not_found: {
    httpStatus: 422,
    exitCode: EXIT.notFound,
    retryable: false,
    message: 'The repository has no such branch, tag or commit.',
    recovery: 'Give the name of a branch or tag that exists, or leave `ref` out for the default branch.',
  },
  repository_empty: {
    httpStatus: 422,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'The repository has no commits.',
    recovery: 'Push a commit, then index it again.',
  },
  repository_too_large: {
    httpStatus: 422,
    exitCode: EXIT.limit,
    retryable: false,
    message: 'The repository is larger than the limit.',
    recovery: 'Index a smaller repository, or ask the operator to raise the limit.',
  },
  rate_limited: {
    httpStatus: 429,
    exitCode: EXIT.limit,
    retryable: true,
    message: 'Rate limit exceeded. Please wait and try again.',
    recovery: 'Wait for the number of seconds in the Retry-After header (details.retryAfterSeconds), then try again.',
  },
  quota_exceeded: {
    httpStatus: 429,
    exitCode: EXIT.limit,
    retryable: false,
    message: "The plan's quota is used up.",
    recovery:
      'Wait until a run ends or the day is over, delete what is not needed, or ask the operator for a larger plan; details say which quota.',
  },
  cancelled: {
    httpStatus: 499,
    exitCode: EXIT.failed,
    retryable: true,
    message: 'The request was cancelled before it was done.',
    recovery: 'Send it again if you still need the answer.',
  },
  internal: {
    httpStatus: 500,
    exitCode: EXIT.internal,
    retryable: true,
    message: 'Something went wrong. Please try again.',
    recovery: 'Try again; if it happens again, give the operator the request id.',
  },
  unavailable: {
    httpStatus: 503,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The service is not available at the moment. Please try again shortly.',
    recovery: 'Wait a few seconds and try again.',
  },
  limits_unavailable: {
    httpStatus: 503,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The service is not available at the moment. Please try again shortly.',
    recovery: 'Calls can not be counted right now, so none is let through. Wait a few seconds and try again.',
  },
  audit_unavailable: {
    httpStatus: 503,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The service is not available at the moment. Please try again shortly.',
    recovery: 'The audit trail can not be written, so nothing was changed. Wait a few seconds and try again.',
  },
  timeout: {
    httpStatus: 504,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'This took too long and was stopped.',
    recovery: 'Try again, or ask for less at once.',
  },
  audit_broken: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'The audit trail was changed.',
    recovery: 'Compare the entry in details.seq and those after it with a backup.',
  },
  usage: {
    httpStatus: null,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'The command was used in a wrong way.',
    recovery: 'See the command with --help.',
  },
  server_unreachable: {
    httpStatus: null,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The Tenon server could not be reached.',
    recovery: 'Start it with `npm start`, or set TENON_URL to where it runs.',
  },
  not_configured: {
    httpStatus: null,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'No API key was found.',
    recovery: 'Set TENON_API_KEY, or run `npm start` once, which makes a demo key.',
  },
  config_invalid: {
    httpStatus: null,
    exitCode: EXIT.usage,
    retryable: false,
    message: 'A setting is missing or has a wrong value.',
    recovery: 'Correct the environment variables named in details.issues.',
  },
  port_in_use: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: true,
    message: 'The port is used by another program.',
    recovery: 'Stop that program, or set TENON_PORT to a free port.',
  },
  data_dir_unwritable: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'The data folder can not be written.',
    recovery: 'Give this user the right to write there, or set TENON_DATA_DIR to another folder.',
  },
  data_dir_locked: {
    httpStatus: null,
    exitCode: EXIT.conflict,
    retryable: true,
    message: 'Another Tenon is running on this data folder.',
    recovery: 'Use the one that runs, stop it, or set TENON_DATA_DIR to another folder.',
  },
  disk_full: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: true,
    message: 'There is no space left on the disk of the data folder.',
    recovery: 'Free some space, then start again: nothing was lost.',
  },
  postgres_unavailable: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: true,
    message: 'The embedded PostgreSQL could not be started.',
    recovery: 'See details.log, or set DATABASE_URL to a PostgreSQL 15 or later of your own.',
  },
  database_unreachable: {
    httpStatus: null,
    exitCode: EXIT.tryAgain,
    retryable: true,
    message: 'The database could not be reached.',
    recovery: 'Check DATABASE_URL and that the server is up.',
  },
  migration_failed: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'The database could not be brought to the version that this release needs.',
    recovery: 'See the reason in details; nothing of the failed step was kept.',
  },
  git_missing: {
    httpStatus: null,
    exitCode: EXIT.failed,
    retryable: false,
    message: 'git was not found, or is too old.',
    recovery: 'Install git 2.30 or later and make sure that it is on the PATH.',
  },
} as const satisfies Record<string, ErrorSpec>

export type ErrorCode = keyof typeof ERRORS

export const ERROR_CODES = Object.keys(ERRORS) as readonly ErrorCode[]

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERRORS, value)
}

/** Values that are safe to show to the caller; no exception text, SQL, path of the server or secret. */
export type ErrorDetails = { readonly [key: string]: JsonValue }
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue }

/** What every surface answers when a call fails. */
export interface ErrorEnvelope {
  readonly error: {
    readonly code: ErrorCode
    readonly message: string
    readonly details?: ErrorDetails
    readonly requestId: string
  }
}
