import { randomUUID } from 'node:crypto'
import type { OrgId } from '../../../contract/ids.ts'
import type { PlanName } from '../../../contract/plans.ts'
import type { Log } from '../../../kernel/ctx.ts'
import type { Sql } from '../../../kernel/statement.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { Database } from '../../../platform/db/index.ts'
import { endJournal } from './journal.ts'
import * as journals from './journal.sql.ts'

export interface NewOrganization {
  readonly id: OrgId
  readonly slug: string
  readonly name: string
  readonly plan: PlanName
  readonly createdAt: Date
  readonly requestId: string
  readonly address: string
}

/**
 * Locks the journal in the transaction of a step, so that whoever was thought dead and comes back changes nothing.
 *
 * @throws TenonError `idempotency_in_progress` when somebody else has taken over
 */
export type Hold = (sql: Sql) => Promise<void>

/** A part of making an organisation. It may be run again after a crash, and undone without having ended. */
export interface OnboardingStep {
  readonly name: string
  /** Does nothing that was done already. */
  run(org: NewOrganization, hold: Hold): Promise<void>
  undo(org: OrgId, hold: Hold): Promise<void>
}

interface Saga {
  readonly db: Database
  readonly steps: readonly OnboardingStep[]
  readonly log: Log
  readonly owner: string
}

/**
 * Each step is journalled before it begins. When one fails, those that were begun are undone, the last first. `end` keeps
 * what it answers in the journal's last transaction; `answered` is that answer when the transaction may have been committed.
 */
export async function runSaga<T>(
  saga: Saga,
  org: NewOrganization,
  { end, answered }: { end: () => Promise<T>; answered: () => T | null },
): Promise<T> {
  const { db, steps, owner } = saga
  try {
    for (const step of steps) {
      const begin = { org: org.id, owner, step: step.name }
      const [mine] = await db.cross('auth', (sql) => sql.run(journals.beginStep, begin))
      if (mine === undefined) throw new TenonError('idempotency_in_progress')
      await step.run(org, holdOf(owner, org.id))
    }
    return await end()
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
async function undoSaga({ db, steps, log, owner }: Saga, org: OrgId): Promise<void> {
  const renew = () => db.cross('auth', (sql) => sql.run(journals.beginUndo, { org, owner }))
  try {
    const [journal] = await renew()
    if (journal === undefined) return
    const begun = new Set(journal.steps)
    try {
      for (const step of steps.toReversed()) {
        if (!begun.has(step.name)) continue
        // Each step may have taken so long that somebody else has taken over.
        if ((await renew()).length === 0) return
        await step.undo(org, holdOf(owner, org))
      }
      await db.cross('auth', (sql) => endJournal(sql, { org, owner, state: 'undone', answer: null }))
    } catch (error) {
      log.error({ err: error, org }, 'an onboarding could not be undone')
      await db.cross('auth', (sql) => endJournal(sql, { org, owner, state: 'stuck', answer: null }))
    }
  } catch (error) {
    log.error({ err: error, org }, 'the journal of an onboarding could not be written')
  }
}

const MAX_SWEPT = 100

/** Undoes what was left half done by a process that has ended, and forgets journals that are a day old. */
export async function sweepOnboardings(db: Database, steps: readonly OnboardingStep[], log: Log): Promise<void> {
  for (let n = 0; n < MAX_SWEPT; n++) {
    const owner = randomUUID()
    const [abandoned] = await db.cross('auth', (sql) => sql.run(journals.takeAbandoned, { owner }))
    if (abandoned === undefined) break
    await undoSaga({ db, steps, log, owner }, abandoned.orgId)
  }
  await db.cross('keeper', (sql) => sql.run(journals.deleteOldJournals, {}))
}
