import { every, type Repeated } from '../../kernel/every.ts'
import { newId } from '../../kernel/ids.ts'
import { toTenonError } from '../../kernel/tenon-error.ts'
import type { ReconcileDeps } from './deps.ts'
import { leaveLease, takeLease } from './reconcile.sql.ts'
import { runRound } from './run-round.ts'

const EVERY_MS = 60_000
/** Of one look; a round over many organisations has several, each a minute after the other. */
const BUDGET_MS = 60_000

/** Once an hour, by one worker at a time; the next one goes on where one that has ended was. */
export function startSchedule(deps: ReconcileDeps): Repeated {
  const failed = (error: unknown): void => {
    const level = toTenonError(error).retryable ? 'warn' : 'error'
    deps.log[level]({ err: error }, 'the reconciliation failed')
  }
  // A worker that has just begun has other things to do.
  return every(EVERY_MS, async (round, signal) => (round === 0 ? undefined : tick(deps, signal)), failed)
}

/** Does nothing when it is not due, or another is at it. */
export async function tick(deps: ReconcileDeps, signal: AbortSignal, budgetMs = BUDGET_MS): Promise<void> {
  const owner = newId('worker')
  const [lease] = await deps.db.cross('reconciler', (sql) => sql.run(takeLease, { owner }))
  if (lease === undefined) return
  let { cursor } = lease
  let ended = false
  try {
    const report = await runRound(deps, { dryRun: false, cursor: cursor ?? undefined, budgetMs, signal, goesOn: true })
    cursor = report.nextCursor
    ended = cursor === null
    const { checks, orgs, failed } = report
    const sums = Object.fromEntries(checks.map(({ check, found, repaired }) => [check, `${repaired}/${found}`]))
    deps.log[report.verdict === 'clean' || !ended ? 'info' : 'warn']({ orgs, failed, ended, ...sums }, 'reconciled')
  } finally {
    await deps.db.cross('reconciler', (sql) => sql.run(leaveLease, { owner, cursor, ended }))
  }
}
