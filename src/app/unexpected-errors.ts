import { EXIT } from '../contract/errors.ts'
import type { Log } from '../kernel/ctx.ts'

export interface UnexpectedErrors {
  readonly log: Log
  /** Brings out what was logged and reported; given three seconds. */
  readonly flush: () => Promise<unknown>
  readonly say?: (line: string) => void
}

const FLUSH_MS = 3_000

/**
 * An error that nobody has caught, thrown or of a promise, leaves the process in a state that nobody knows: it is logged and the
 * process ends. Other nodes take over what it held. Answers what takes the watch away.
 */
export function endOnUnexpectedErrors({ log, flush, say }: UnexpectedErrors): () => void {
  let ending = false
  const end = (err: unknown, origin: string): void => {
    log.error({ err, origin }, 'an unexpected error ends the process')
    if (ending) return
    ending = true
    say?.('Tenon ends: it met an error that it did not expect; the log has it')
    void exitAfter(flush)
  }
  // What a promise was rejected with comes here, too, by the default of Node.
  process.on('uncaughtException', end)
  return () => void process.off('uncaughtException', end)
}

async function exitAfter(flush: () => Promise<unknown>): Promise<never> {
  setTimeout(() => process.exit(EXIT.internal), FLUSH_MS)
  try {
    await flush()
  } finally {
    process.exit(EXIT.internal)
  }
}
