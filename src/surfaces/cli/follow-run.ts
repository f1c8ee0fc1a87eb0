import { setTimeout as sleep } from 'node:timers/promises'
import { ApiError, type Client } from '../../contract/client.ts'
import type { ErrorCode } from '../../contract/errors.ts'
import { isEnded, watchRun, type RunEvent } from '../../contract/runs.ts'
import { waitOf } from './rate-limit.ts'
import { CliError } from './settings.ts'

/** Waits before the stream is asked again while nothing comes, in seconds; the last one for all further ones. */
const WAITS_S = [1, 2, 4, 8, 15, 30]
const GIVE_UP_MS = 5 * 60_000
/** The server ends a stream after a minute; one that stays open much longer has been lost on the way. */
const LOST_MS = 90_000
/** A stream that was open for so long has worked, though nothing may have happened. */
const WORKED_MS = 30_000
/** What may pass by itself while a run goes on. */
const PASSING: readonly ErrorCode[] = ['server_unreachable', 'unavailable', 'limits_unavailable', 'timeout']

/** Between two streams: why, and after how many seconds the next is asked for. */
export interface Pause {
  readonly type: 'pause'
  readonly code: ErrorCode
  readonly seconds: number
}
export interface Clock {
  /** Milliseconds. */
  readonly now: () => number
  readonly sleep: (ms: number) => Promise<unknown>
}
const REAL: Clock = { now: () => performance.now(), sleep }

/**
 * What happens to a run until it has ended, over as many streams as it takes.
 *
 * @throws CliError `timeout` after 5 minutes without progress, with how to go on; ApiError that waiting does not mend
 */
export async function* followRun(client: Client, run: string, clock: Clock = REAL): AsyncGenerator<RunEvent | Pause> {
  let lastEventId: string | undefined
  let moved = clock.now()
  for (let attempt = 0; ; attempt++) {
    const begun = clock.now()
    const left = moved + GIVE_UP_MS - begun
    if (left <= 0) throw new CliError('timeout', { resume: `tenon runs watch ${run}` })
    const signal = AbortSignal.timeout(Math.min(left, LOST_MS))
    let problem: ApiError | undefined
    try {
      const from = lastEventId === undefined ? {} : { lastEventId }
      for await (const { id, data } of client.watch(watchRun, { run }, { signal, ...from })) {
        if (id !== '') lastEventId = id
        attempt = 0
        moved = clock.now()
        yield data
        if (data.type === 'run' && isEnded(data.run.status)) return
      }
    } catch (thrown) {
      // A server that has never answered is more likely not there than away.
      const never = lastEventId === undefined && thrown instanceof ApiError && thrown.code === 'server_unreachable'
      if (mayPass(thrown) && !never) problem = thrown
      else if (!signal.aborted) throw thrown
    }
    if (clock.now() - begun > WORKED_MS) attempt = 0
    const seconds = waitOf(problem) ?? WAITS_S[Math.min(attempt, WAITS_S.length - 1)] ?? 30
    if (problem !== undefined) yield { type: 'pause', code: problem.code, seconds }
    await clock.sleep(seconds * 1000)
  }
}

function mayPass(thrown: unknown): thrown is ApiError {
  return thrown instanceof ApiError && (PASSING.includes(thrown.code) || waitOf(thrown) !== undefined)
}
