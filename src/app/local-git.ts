import { execFile } from 'node:child_process'
import { TenonError } from '../kernel/tenon-error.ts'

const LIMIT_MS = 60_000
const MAX_OUTPUT_BYTES = 64 << 20

export interface LocalGit {
  readonly code: number
  readonly out: string
  readonly err: string
}

/**
 * The git of the person at the terminal, with their settings, in the current folder.
 *
 * @throws TenonError `git_missing`, `timeout`, `payload_too_large`
 */
export function runLocalGit(args: readonly string[]): Promise<LocalGit> {
  const options = { timeout: LIMIT_MS, killSignal: 'SIGKILL', maxBuffer: MAX_OUTPUT_BYTES, windowsHide: true } as const
  return new Promise((resolve, reject) => {
    const child = execFile('git', args, options, (cause, out, err) => {
      if (cause === null) return resolve({ code: 0, out, err })
      if (typeof cause.code === 'number') return resolve({ code: cause.code, out, err })
      if (cause.code === 'ENOENT') return reject(new TenonError('git_missing', { cause }))
      if (cause.code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
        return reject(new TenonError('payload_too_large', { cause, details: { limitBytes: MAX_OUTPUT_BYTES } }))
      reject(cause.killed === true ? new TenonError('timeout', { cause }) : cause)
    })
    child.stdin?.end()
  })
}
