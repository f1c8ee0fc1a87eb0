import { setTimeout as sleep } from 'node:timers/promises'
import { getRun, isEnded, type Run } from '../../contract/runs.ts'
import { Holds } from '../../kernel/holds.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError, throwIfAborted } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { showRun } from './show-run.ts'
import { selectRun } from './runs.sql.ts'

/** The first looks come soon, for runs that take a moment; those of a long wait are few. */
const FIRST_LOOK_MS = 200
const LONGEST_LOOK_MS = 1_000

/** Calls that wait on this node, by organisation. */
const waiting = new Holds()
const MAX_WAITING = 20

/** Waiting holds nothing of the database: each look is a query of its own. */
export const getRunVerb = implement(getRun, async (ctx, { run: id, waitSeconds }) => {
  const until = performance.now() + waitSeconds * 1_000
  const run = await readRun(ctx, id)
  if (waitSeconds === 0) return run
  tell(ctx, run)
  if (isEnded(run.status)) return run
  const org = ctx.orgId()
  if (waiting.count(org) >= MAX_WAITING)
    throw new TenonError('rate_limited', { details: { window: 'waits', limit: MAX_WAITING, retryAfterSeconds: 5 } })
  const release = waiting.hold([org])
  try {
    return await waitForEnd(ctx, run, until)
  } finally {
    release()
  }
})

async function readRun({ sql, orgId }: Ctx, id: string): Promise<Run> {
  const [row] = await sql.run(selectRun, { org: orgId(), id })
  if (row === undefined) throw new TenonError('not_found')
  return showRun(sql, orgId(), row)
}

async function waitForEnd(ctx: Ctx, first: Run, until: number): Promise<Run> {
  const signal = AbortSignal.any([ctx.signal, ctx.ending])
  let run = first
  let pauseMs = FIRST_LOOK_MS
  for (;;) {
    const left = until - performance.now()
    if (isEnded(run.status) || left <= 0 || ctx.ending.aborted) return run
    // Aborted: the next line says so when it is the call that ends.
    await sleep(Math.min(pauseMs, left), undefined, { signal }).catch(() => {})
    throwIfAborted(ctx.signal)
    run = await readRun(ctx, run.id)
    tell(ctx, run)
    pauseMs = Math.min(pauseMs * 1.5, LONGEST_LOOK_MS)
  }
}

function tell({ progress }: Ctx, { status, progress: { chunksDone, chunksFailed, chunksTotal } }: Run): void {
  const done = chunksDone + chunksFailed
  const parts = chunksTotal === null ? '' : `: ${done} of ${chunksTotal} parts`
  progress({ done, total: chunksTotal ?? undefined, message: `${status}${parts}` })
}
