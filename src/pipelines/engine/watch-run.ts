import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import type { OrgId } from '../../contract/ids.ts'
import { isEnded, watchRun, type Run, type RunEvent } from '../../contract/runs.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type StreamEvent } from '../../kernel/verb.ts'
import { showRun } from './show-run.ts'
import { selectLogs, selectRun } from './runs.sql.ts'

/** What the watcher has: the digest of the run as it was sent, and the last line of its log. */
const position = z.strictObject({ run: z.string().max(200), log: z.int().min(0) })

const LOOK_MS = 400
/** After so long a watcher comes again, perhaps to another node. */
const STREAM_MS = 55_000
const LINES = 200

/** Streams that are open on this node, by organisation. */
const open = new Map<OrgId, number>()
const MAX_OPEN = 20

/** Reads only: nothing is written for the sake of watchers, however many there are. */
export const watchRunVerb = implement(watchRun, async (ctx, { run }) => {
  const { sql, orgId, lastEventId } = ctx
  const from = lastEventId === undefined ? { run: '', log: 0 } : decodeCursor(lastEventId, position)
  const [found] = await sql.run(selectRun, { org: orgId(), id: run })
  if (found === undefined) throw new TenonError('not_found')
  if ((open.get(orgId()) ?? 0) >= MAX_OPEN)
    throw new TenonError('rate_limited', { details: { window: 'streams', limit: MAX_OPEN, retryAfterSeconds: 5 } })
  return counted(ctx, eventsOf(ctx, run, from))
})

/** Counts from now on, before the first event is asked for, until the stream or the call ends. */
function counted<T>({ orgId, signal }: Ctx, events: AsyncGenerator<T>): AsyncGenerator<T> {
  const org = orgId()
  open.set(org, (open.get(org) ?? 0) + 1)
  let counts = true
  const close = (): void => {
    if (!counts) return
    counts = false
    const left = (open.get(org) ?? 1) - 1
    if (left > 0) open.set(org, left)
    else open.delete(org)
  }
  // A stream that nobody has begun to read is never told to end.
  signal.addEventListener('abort', close, { once: true })
  return closing(events, close)
}

async function* closing<T>(events: AsyncGenerator<T>, close: () => void): AsyncGenerator<T> {
  try {
    yield* events
  } finally {
    close()
  }
}

async function* eventsOf(
  { sql, orgId, signal: left, ending }: Ctx,
  id: string,
  from: z.output<typeof position>,
): AsyncGenerator<StreamEvent<RunEvent>> {
  const org = orgId()
  const signal = AbortSignal.any([left, ending])
  const until = performance.now() + STREAM_MS
  let at = from
  while (!signal.aborted && performance.now() < until) {
    const [row] = await sql.run(selectRun, { org, id })
    if (row === undefined) return
    const run = await showRun(sql, org, row)
    // After the run itself was read: what it has said before its end is then in the log.
    const lines = await sql.run(selectLogs, { org, run: id, level: null, after: at.log, limit: LINES })
    for (const { id: line, at: time, level, message } of lines) {
      at = { ...at, log: line }
      yield { id: encodeCursor(at), event: 'log', data: { type: 'log', log: { at: time, level, message } } }
    }
    const digest = digestOf(run)
    if (digest !== at.run && lines.length < LINES) {
      at = { ...at, run: digest }
      yield { id: encodeCursor(at), event: 'run', data: { type: 'run', run } }
    }
    if (isEnded(run.status) && lines.length < LINES) return
    // Aborted, which ends the loop.
    if (lines.length < LINES) await sleep(LOOK_MS, undefined, { signal, ref: false }).catch(() => {})
  }
}

/** What a change of the run changes. */
function digestOf({ status, progress, waiting, pausedAt, archivedAt, credits }: Run): string {
  const { chunksTotal, chunksDone, chunksFailed } = progress
  return [
    status,
    chunksTotal,
    chunksDone,
    chunksFailed,
    waiting?.reason ?? '',
    waiting?.until ?? '',
    pausedAt !== null,
    archivedAt !== null,
    ...(credits === null ? [] : [credits.reserved, credits.captured, credits.released]),
  ].join(' ')
}
