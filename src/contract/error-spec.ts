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
