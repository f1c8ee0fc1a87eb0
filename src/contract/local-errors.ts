import { EXIT, type ErrorSpec } from './error-spec.ts'

/** What only a local command can meet. */
export const LOCAL_ERRORS = {
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
    recovery: 'Start it with `tenon start` (`npm start` in a checkout), or set TENON_URL to where it runs.',
  },
  not_configured: {
    httpStatus: null,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'No API key was found.',
    recovery: 'Set TENON_API_KEY, or run `tenon start` once (`npm start` in a checkout), which makes a demo key.',
  },
  root_key_missing: {
    httpStatus: null,
    exitCode: EXIT.refused,
    retryable: false,
    message: 'No root key was found; this command is for the operator.',
    recovery:
      'Set TENON_ROOT_KEY to the key that the server was started with; `tenon start` keeps it in `secrets.json` of its data folder.',
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
    recovery: 'Free some space, then try again: nothing was lost.',
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
    recovery: 'Install git 2.37 or later and make sure that it is on the PATH.',
  },
} as const satisfies Record<string, ErrorSpec>
