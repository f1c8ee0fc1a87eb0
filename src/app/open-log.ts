import { once } from 'node:events'
import type { WriteStream } from 'node:fs'
import { VERSION } from '../contract/health.ts'
import type { Log } from '../kernel/ctx.ts'
import { createErrorCapture } from '../platform/telemetry/error-capture.ts'
import { createLogger } from '../platform/telemetry/logger.ts'
import type { Config } from './config.ts'
import { endOnUnexpectedErrors } from './unexpected-errors.ts'

export interface ProcessLog {
  readonly log: Log
  /** Sends what is still to be reported. */
  close(): Promise<void>
}

export interface OpenLogOptions {
  readonly config: Pick<Config, 'logLevel' | 'sentry'>
  readonly role: 'all' | 'api' | 'worker'
  /** Standard error when left out. */
  readonly file?: WriteStream
  /** For people, should the process end by an error. */
  readonly say?: (line: string) => void
}

/** The log of a server: its errors are reported where there is a DSN, and one that nobody has caught ends the process. */
export async function openLog({ config, role, file, say }: OpenLogOptions): Promise<ProcessLog> {
  const { sentry, logLevel: level = 'info' } = config
  const capture = sentry === undefined ? null : await createErrorCapture({ ...sentry, release: VERSION, role })
  const log = createLogger({
    level,
    report: capture?.report,
    ...(file === undefined ? {} : { destination: file }),
  })
  const forget = endOnUnexpectedErrors({
    log,
    flush: () => Promise.all([capture?.close(), written(file)]),
    ...(say === undefined ? {} : { say }),
  })
  return {
    log,
    close: async () => {
      forget()
      await capture?.close()
    },
  }
}

/** Standard error is written when the process exits, without being waited for. */
async function written(file: WriteStream | undefined): Promise<void> {
  if (file === undefined || file.destroyed) return
  file.end()
  await once(file, 'close')
}
