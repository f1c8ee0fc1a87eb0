import { removeExpiredRecords } from '../domains/idempotency/index.ts'
import { orgIds } from '../domains/identity/index.ts'
import { removeEndedWindows, repairUsage } from '../domains/limits/index.ts'
import { countedSeats } from '../domains/members/index.ts'
import type { Log } from '../kernel/ctx.ts'
import { every, type Repeated } from '../kernel/every.ts'
import { toTenonError } from '../kernel/tenon-error.ts'
import { countedRepositories, type CodeIntelligence } from '../pipelines/code/index.ts'
import { countedRuns, type Engine } from '../pipelines/engine/index.ts'
import type { Database } from '../platform/db/index.ts'

export interface HousekeepingOptions {
  readonly db: Database
  /** Of the domains. */
  readonly tasks: readonly (() => Promise<void>)[]
  readonly engine: Engine
  readonly code: CodeIntelligence
  readonly log: Log
}

const EVERY_MS = 60_000
/** How late a schedule may be, beside its jitter. */
const SCHEDULES_MS = 5_000
/** Every how many rounds the counts are compared with what they count; the first round does, too. */
const REPAIR_ROUNDS = 60

/** What no call waits for, done by every worker now and then: each task does nothing that another has done. */
export function startHousekeeping({ db, tasks: ofDomains, engine, code, log }: HousekeepingOptions): Repeated {
  const failed = (error: unknown): void => {
    // A database that is away is told by what waits for it.
    const level = toTenonError(error).code === 'unavailable' ? 'warn' : 'error'
    log[level]({ err: error }, 'house-keeping failed')
  }
  const schedules = every(SCHEDULES_MS, () => engine.startDue(), failed)
  const tidying = every(
    EVERY_MS,
    async (round, signal) => {
      const tasks = [
        () => removeExpiredRecords(db),
        () => removeEndedWindows(db),
        ...ofDomains,
        () => engine.keepRuns(),
        () => code.startRebuilds(db),
      ]
      if (round % REPAIR_ROUNDS === 0) tasks.push(async () => void (await repairCounts(db, log, signal)))
      for (const task of tasks) if (!signal.aborted) await task().catch(failed)
    },
    failed,
  )
  return {
    stop: async () => {
      await Promise.all([schedules.stop(), tidying.stop()])
    },
  }
}

/** Answers how many counts were wrong. */
export function repairCounts(db: Database, log: Log, signal: AbortSignal): Promise<number> {
  return repairUsage(db, { orgs: orgIds(db), counted: [countedRuns, countedRepositories, countedSeats], log, signal })
}
