import { limitsOf } from '../../../domains/limits/index.ts'
import type { Clock, Log } from '../../../kernel/ctx.ts'
import { newId } from '../../../kernel/ids.ts'
import { toTenonError } from '../../../kernel/tenon-error.ts'
import type { Database, EngineTransaction } from '../../../platform/db/index.ts'
import type { PipelineMap } from '../pipeline.ts'
import { priorityOf } from '../present-run.ts'
import { startableBy } from '../start-by-name.ts'
import { nextTime } from './next-time.ts'
import { lockDue, noteStart, type ScheduleRow } from './schedules.sql.ts'
import type { OrgId, RunId } from '../../../contract/ids.ts'
import type { ErrorCode } from '../../../contract/errors.ts'

interface Due {
  readonly db: Database
  readonly pipelines: PipelineMap
  readonly clock: Clock
  readonly log: Log
}

/**
 * Starts what is due: the run and the next time are one transaction, so that no time is made use of twice, whichever worker
 * sees it. Of times that were missed, one is made up for.
 */
export async function startDue({ db, pipelines, clock, log }: Due): Promise<void> {
  for (;;) {
    let current: (ScheduleRow & { orgId: OrgId }) | undefined
    try {
      const found = await db.cross('engine', async (tx) => {
        const [due] = await tx.run(lockDue, {})
        if (due === undefined) return false
        current = due
        const { run, error } = await startOne(tx, pipelines, due, log)
        const nextAt = due.enabled ? nextTime(due, later(clock.now(), due.nextAt)) : null
        await tx.run(noteStart, { org: due.orgId, id: due.id, nextAt, run, error })
        return true
      })
      if (!found) return
    } catch (error) {
      if (current === undefined) throw error
      await putOff(db, current, { now: clock.now(), error, log })
    }
  }
}

const PUT_OFF_MS = 5 * 60_000

/** One schedule that can not be handled must not stand before all others. */
async function putOff(
  db: Database,
  { orgId: org, id }: ScheduleRow & { orgId: OrgId },
  { now, error, log }: { now: Date; error: unknown; log: Log },
): Promise<void> {
  log.error({ err: error, org, schedule: id }, 'a schedule was put off')
  const nextAt = new Date(now.getTime() + PUT_OFF_MS)
  const note = { org, id, nextAt, run: null, error: toTenonError(error).code }
  await db.cross('engine', (sql) => sql.run(noteStart, note))
}

/** The database has found it due: a clock behind that of the database must not find the same time again. */
function later(now: Date, dueAt: string | null): Date {
  return dueAt === null ? now : new Date(Math.max(now.getTime(), Date.parse(dueAt)))
}

async function startOne(
  tx: EngineTransaction,
  pipelines: PipelineMap,
  due: ScheduleRow & { orgId: OrgId },
  log: Log,
): Promise<{ run: RunId | null; error: ErrorCode | null }> {
  const { orgId: org, id, pipeline, input, priority } = due
  const call = { org, requestId: newId('req'), createdBy: id, priority: priorityOf(priority), schedule: id }
  try {
    const start = startableBy(pipelines, pipeline, input)
    const run = await tx.attempt(() =>
      tx.asTenant(org, async (tenant) => start(tenant, { ...call, limits: (await limitsOf(tenant, org)).limits })),
    )
    return { run: run.id, error: null }
  } catch (thrown) {
    const error = toTenonError(thrown)
    log.warn({ err: error, org, schedule: id }, 'a schedule could not start its run')
    return { run: null, error: error.code }
  }
}
