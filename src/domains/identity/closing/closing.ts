import { randomUUID } from 'node:crypto'
import type { OrgId } from '../../../contract/ids.ts'
import type { Clock, Log } from '../../../kernel/ctx.ts'
import type { Database } from '../../../platform/db/index.ts'
import { inTime } from '../in-time.ts'
import { TOLD_AFTER, type Leftovers } from '../leftovers.ts'
import * as closings from './closing.sql.ts'

/**
 * What has to be done elsewhere after an organisation was closed, such as cancelling a subscription. It is tried again until
 * it succeeds, also when it was done already.
 */
export interface ClosingStep {
  readonly name: string
  run(org: OrgId, signal: AbortSignal): Promise<void>
}

export interface ClosingParts {
  readonly db: Database
  readonly steps: readonly ClosingStep[]
  readonly clock: Clock
  readonly log: Log
  readonly leftovers?: Leftovers | undefined
  readonly stepMs?: number | undefined
}

/** Well within the lease of a closing. */
const STEP_MS = 45_000
const MAX_SWEPT = 100
const DAY_MS = 86_400_000
/** For so long the row of a closed organisation stays, and with it its audit trail and its slug. */
export const RETENTION_DAYS = 30

/** Goes on with what is left to do for closed organisations, and deletes those that were closed long enough ago. */
export async function sweepClosings(parts: ClosingParts): Promise<void> {
  const { db, clock } = parts
  for (let n = 0; n < MAX_SWEPT; n++) {
    const owner = randomUUID()
    const [closing] = await db.cross('auth', (sql) => sql.run(closings.takeClosing, { owner }))
    if (closing === undefined) break
    await work(parts, { ...closing, owner })
  }
  const before = new Date(clock.now().getTime() - RETENTION_DAYS * DAY_MS)
  for (let n = 0; n < MAX_SWEPT; n++) {
    const gone = await db.cross('keeper', (sql) => sql.run(closings.deleteClosed, { before }))
    if (gone.length === 0) break
  }
}

async function work(parts: ClosingParts, closing: closings.ClosingRow & { owner: string }): Promise<void> {
  const { db, steps, log, leftovers, stepMs = STEP_MS } = parts
  const { orgId: org, owner, done, tries } = closing
  let current: string | null = null
  try {
    for (const step of steps) {
      if (done.includes(step.name)) continue
      current = step.name
      await inTime(stepMs, (signal) => step.run(org, signal))
      const note = { org, owner, step: step.name }
      const [mine] = await db.cross('auth', (sql) => sql.run(closings.noteClosingStep, note))
      if (mine === undefined) return
    }
    await db.cross('auth', (sql) => sql.run(closings.endClosing, { org, owner }))
    if (tries > TOLD_AFTER) await leftovers?.settled('closing', org)
  } catch (error) {
    log.error({ err: error, org, step: current }, 'the closing of an organisation could not go on')
    const [put] = await db.cross('auth', (sql) => sql.run(closings.putOffClosing, { org, owner }))
    if (put !== undefined && put.tries > TOLD_AFTER)
      await leftovers?.stuck('closing', { org, step: current, tries: put.tries, error })
  }
}
