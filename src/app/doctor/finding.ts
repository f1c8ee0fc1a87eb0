import { isErrorCode, type ErrorCode } from '../../contract/errors.ts'

export type State = 'ok' | 'warn' | 'fail'

/** What was looked at, how it is, and what to do about it. Holds no secret, whatever was found. */
export interface Finding {
  readonly check: string
  readonly state: State
  readonly found: string
  /** Null when all is well. */
  readonly advice: string | null
}

export function ok(check: string, found: string): Finding {
  return { check, state: 'ok', found, advice: null }
}

/** It works, but not as it should. */
export function warn(check: string, found: string, advice: string): Finding {
  return { check, state: 'warn', found, advice }
}

/** It does not work. */
export function fail(check: string, found: string, advice: string): Finding {
  return { check, state: 'fail', found, advice }
}

export function codeOf(thrown: unknown): ErrorCode {
  const code = typeof thrown === 'object' && thrown !== null && 'code' in thrown ? thrown.code : undefined
  return isErrorCode(code) ? code : 'internal'
}
