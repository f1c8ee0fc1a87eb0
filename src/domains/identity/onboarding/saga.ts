import { randomUUID } from 'node:crypto'
import type { OrgId, UserId } from '../../../contract/ids.ts'
import type { PlanName } from '../../../contract/plans.ts'
import type { Log } from '../../../kernel/ctx.ts'
import { failpoint } from '../../../kernel/failpoint.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Database } from '../../../platform/db/index.ts'
import { inTime } from '../in-time.ts'
import { TOLD_AFTER, type Leftovers } from '../leftovers.ts'
import { endJournal } from './journal.ts'
import * as journals from './journal.sql.ts'

export interface NewOrganization {
  readonly id: OrgId
  readonly slug: string
  readonly name: string
  readonly plan: PlanName
  /** The person who makes it; null for the operator. */
  readonly owner: UserId | null
  readonly createdAt: Date
  readonly requestId: string
  readonly address: string
}

/**
 * Locks the journal in the transaction of a step, so that whoever was thought dead and comes back changes nothing. As the
 * role of authentication.
 *
 * @throws TenonError `idempotency_in_progress` when somebody else has taken over
 */
export type Hold = (sql: Sql) => Promise<void>

/**
 * A part of making an organisation. It may be run again after a crash, and undone without having ended. The signal aborts
 * after the time of a step, which has then failed.
 */
export interface OnboardingStep {
  readonly name: string
  /** Does nothing that was done already. */
  run(org: NewOrganization, hold: Hold, signal: AbortSignal): Promise<void>
  undo(org: OrgId, hold: Hold, signal: AbortSignal): Promise<void>
}

export interface SagaParts {
  readonly db: Database
  readonly steps: readonly OnboardingStep[]
  readonly log: Log
  readonly leftovers?: Leftovers | undefined
  /** The time of one step; well within the lease of a journal. */
  readonly stepMs?: number | undefined
}
interface Saga extends SagaParts {
  readonly owner: string
}

const STEP_MS = 20_000

/**
 * Each step is journalled before it begins. When one fails, those that were begun are undone, the last first. `end` keeps
 * what it answers in the journal's last transaction; `answered` is that answer when the transaction may have been committed.
 */
export async function runSaga<T>(
  saga: Saga,
  org: NewOrganization,
  { end, answered }: { end: () => Promise<T>; answered: () => T | null },
): Promise<T> {
  const { db, steps, owner, stepMs = STEP_MS } = saga
  try {
    await failpoint('onboarding.begun')
    for (const step of steps) {
      const begin = { org: org.id, owner, step: step.name }
      const [mine] = await db.cross('auth', (sql) => sql.run(journals.beginStep, begin))
      if (mine === undefined) throw new TenonError('idempotency_in_progress')
      await inTime(stepMs, (signal) => step.run(org, holdOf(owner, org.id), signal))
      await failpoint('onboarding.stepped')
    }
    const answer = await end()
    await failpoint('onboarding.ended')
    return answer
  } catch (thrown) {
    const answer = answered()
    // The end was committed, and only the word of it was lost.
    if (answer !== null && (await isDone(saga, org.id))) return answer
    await undoSaga(saga, org.id)
    throw thrown
  }
}

function holdOf(owner: string, org: OrgId): Hold {
  return async (sql) => {
    const [held] = await sql.run(journals.holdJournal, { org, owner })
    if (held === undefined) throw new TenonError('idempotency_in_progress')
  }
}

async function isDone({ db, owner }: Saga, org: OrgId): Promise<boolean> {
  // Who can not know takes it for undone: to undo what is done does nothing.
  const [row] = await db.cross('auth', (sql) => sql.run(journals.selectState, { org, owner })).catch(() => [])
  return row?.state === 'done'
}

/** Never throws: what can not be undone now is tried again by the sweep. */
async function undoSaga(saga: Saga, org: OrgId): Promise<void> {
  const { db, log, owner, leftovers } = saga
  const ended = (state: 'undone' | 'stuck') =>
    db.cross('auth', (sql) => endJournal(sql, { org, owner, state, answer: null }))
  const undoing: { step: string | null } = { step: null }
  try {
    try {
      if (!(await undoSteps(saga, org, undoing))) return
      if ((await ended('undone')) > TOLD_AFTER) await leftovers?.settled('onboarding', org)
    } catch (error) {
      log.error({ err: error, org, step: undoing.step }, 'an onboarding could not be undone')
      const tries = await ended('stuck')
      if (tries > TOLD_AFTER) await leftovers?.stuck('onboarding', { org, step: undoing.step, tries, error })
    }
  } catch (error) {
    log.error({ err: error, org }, 'the journal of an onboarding could not be written')
  }
}

/** Answers false when somebody else has taken over. */
async function undoSteps(saga: Saga, org: OrgId, undoing: { step: string | null }): Promise<boolean> {
  const { db, steps, owner, stepMs = STEP_MS } = saga
  const renew = () => db.cross('auth', (sql) => sql.run(journals.beginUndo, { org, owner }))
  const [journal] = await renew()
  if (journal === undefined) return false
  const begun = new Set(journal.steps)
  for (const step of steps.toReversed()) {
    if (!begun.has(step.name)) continue
    undoing.step = step.name
    // Each step may have taken so long that somebody else has taken over.
    if ((await renew()).length === 0) return false
    await inTime(stepMs, (signal) => step.undo(org, holdOf(owner, org), signal))
  }
  return true
}

const MAX_SWEPT = 100

/** Undoes what was left half done by a process that has ended, and forgets journals that are a day old. */
export async function sweepOnboardings(parts: SagaParts): Promise<void> {
  const { db } = parts
  for (let n = 0; n < MAX_SWEPT; n++) {
    const owner = randomUUID()
    const [abandoned] = await db.cross('auth', (sql) => sql.run(journals.takeAbandoned, { owner }))
    if (abandoned === undefined) break
    await undoSaga({ ...parts, owner }, abandoned.orgId)
  }
  await db.cross('keeper', (sql) => sql.run(journals.deleteOldJournals, {}))
}
