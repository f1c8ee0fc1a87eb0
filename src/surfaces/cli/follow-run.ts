import { setTimeout as sleep } from 'node:timers/promises'
import type { Client } from '../../contract/client.ts'
import { ERRORS } from '../../contract/errors.ts'
import { getRun, isEnded, type Run } from '../../contract/runs.ts'
import { CliError, failureOf } from './failure.ts'
import { plain } from './text.ts'
import type { ProgressLine } from './terminal.ts'

const STEADY_MS = 1000
/** Waits while nothing moves. */
const BACKOFF_MS = [1000, 2000, 4000, 8000, 15_000, 30_000] as const
const PATIENCE_MS = 5 * 60_000

export interface FollowOptions {
  readonly client: Client
  readonly org: string | undefined
  readonly run: string
  readonly progress: ProgressLine
  readonly signal: AbortSignal
  /** Time between looks; replaced in tests. */
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<unknown>
}

/**
 * Follows a run until it has ended, through short outages of the server.
 *
 * @throws CliError `timeout` after five minutes in which nothing moved; what the server answers, when waiting is no help.
 */
export async function followRun(options: FollowOptions): Promise<Run> {
  const { client, org, run: id, progress, signal, wait = sleepUnlessAborted } = options
  let before = ''
  let still = 0
  let stillMs = 0
  try {
    for (;;) {
      const run = await look(client, { run: id, org, signal, progress })
      if (run !== null && isEnded(run.status)) return run
      const now = run === null ? before : JSON.stringify([run.status, run.progress])
      if (run !== null) progress.show(progressText(run), progressPart(run))
      still = now === before ? still + 1 : 0
      before = now
      const pause = still === 0 ? STEADY_MS : (BACKOFF_MS[Math.min(still, BACKOFF_MS.length) - 1] ?? STEADY_MS)
      stillMs = still === 0 ? 0 : stillMs + pause
      if (stillMs > PATIENCE_MS)
        throw new CliError('timeout', {
          run: id,
          hint: `Nothing moved for 5 minutes. Go on with: tenon runs watch ${id}`,
        })
      await wait(pause, signal)
      if (signal.aborted)
        throw new CliError('cancelled', { hint: `The run goes on. See it with: tenon runs watch ${id}` })
    }
  } finally {
    progress.end()
  }
}

/** An ended run that did not do its work is a failure of the command. */
export function throwUnlessSucceeded(run: Run): void {
  if (run.status === 'succeeded' || run.status === 'completed_with_errors') return
  const reason = run.error === null ? {} : { reason: `${run.error.code}: ${run.error.message}` }
  const hint = run.error === null ? ERRORS.run_failed.recovery : ERRORS[run.error.code].recovery
  throw new CliError('run_failed', {
    run: run.id,
    status: run.status,
    ...reason,
    hint: `${hint} Its log: tenon runs logs ${run.id}`,
  })
}

async function look(
  client: Client,
  { run, org, signal, progress }: { run: string; org: string | undefined; signal: AbortSignal; progress: ProgressLine },
): Promise<Run | null> {
  try {
    return (await client.call(getRun, { run, ...(org === undefined ? {} : { org }) }, { signal })).data
  } catch (thrown) {
    const { code } = failureOf(thrown)
    if (!ERRORS[code].retryable || signal.aborted) throw thrown
    progress.show(`${ERRORS[code].message} Trying again …`, null)
    return null
  }
}

function progressPart({ progress: { chunksTotal, chunksDone, chunksFailed } }: Run): number | null {
  return chunksTotal === null || chunksTotal === 0 ? null : (chunksDone + chunksFailed) / chunksTotal
}

function progressText(run: Run): string {
  const { chunksTotal, chunksDone, chunksFailed } = run.progress
  const failed = chunksFailed === 0 ? '' : `, ${chunksFailed} failed`
  const steps = chunksTotal === null ? '' : ` ${chunksDone + chunksFailed} of ${chunksTotal} steps${failed}`
  const waiting = run.waiting === null ? '' : `, waits for ${plain(run.waiting)}`
  return `${run.status}${steps}${waiting}`
}

function sleepUnlessAborted(ms: number, signal: AbortSignal): Promise<unknown> {
  return sleep(ms, undefined, { signal }).catch(() => {})
}
