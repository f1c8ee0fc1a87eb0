import type { ErrorCode, ErrorDetails } from '../../contract/errors.ts'

/** What the command line needs from its surroundings; nothing else is read. */
export interface CliSettings {
  readonly url: string
  readonly apiKey: string | undefined
  readonly org: string | undefined
  readonly fetch: typeof globalThis.fetch
  readonly out: (text: string) => void
  readonly err: (text: string) => void
  /** stdout is a terminal. */
  readonly isTerminal: boolean
  readonly colors: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** Asks on the terminal; only called when `isTerminal`. */
  readonly confirm: (question: string) => Promise<boolean>
}

/** A failure of the command itself. */
export class CliError extends Error {
  readonly code: ErrorCode
  readonly details: ErrorDetails | undefined

  constructor(code: ErrorCode, details?: ErrorDetails) {
    super(code)
    this.code = code
    this.details = details
  }
}
