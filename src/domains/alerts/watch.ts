import { METRICS, type Metric } from '../../contract/alerts.ts'
import { newId } from '../../kernel/ids.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { findOrganizations } from '../identity/index.ts'
import {
  deleteOldActivity,
  deleteOldAlerts,
  insertAlert,
  selectCandidates,
  selectHours,
  setActivity,
  type Candidate,
  type HourCount,
} from './alerts.sql.ts'
import { baselineOf, type Baseline } from './baseline.ts'

/** Counts of rows that stand in another domain, read now and then in place of being counted on the way. */
export interface ActivitySource {
  readonly metric: Metric
  /** By organisation and hour, since the beginning of an hour. */
  read(since: string): Promise<readonly HourCount[]>
}

export interface WatchOptions {
  readonly db: Database
  readonly log: Log
  readonly sources: readonly ActivitySource[]
  readonly tells: boolean
}

/** Compares the current hour of every organisation with its two weeks before. Safe in several workers at once. */
export async function watchActivity({ db, log, sources, tells }: WatchOptions): Promise<void> {
  const [hours] = await db.cross('reconciler', (sql) => sql.run(selectHours, {}))
  if (hours === undefined) throw new Error('the database does not say what time it is')
  const { since } = hours
  for (const { metric, read } of sources) {
    const counted = await read(since)
    if (counted.length > 0) await db.cross('reconciler', (sql) => sql.run(setActivity, rowsOf(metric, counted)))
  }
  const metrics = Object.keys(METRICS) as Metric[]
  const floors = metrics.map((metric) => METRICS[metric].floor)
  const candidates = await db.cross('reconciler', (sql) => sql.run(selectCandidates, { since, metrics, floors }))
  const unusual = candidates.flatMap((found) => {
    const baseline = baselineOf(found.past, METRICS[found.metric].floor)
    return found.count > baseline.threshold ? [{ ...found, ...baseline }] : []
  })
  for (const found of unusual) await raise({ db, log, tells }, found)
  await db.cross('reconciler', async (sql) => {
    await sql.run(deleteOldActivity, {})
    await sql.run(deleteOldAlerts, {})
  })
}

/** Of an organisation that has gone since, nothing is told. */
async function raise(
  { db, log, tells }: Pick<WatchOptions, 'db' | 'log' | 'tells'>,
  { orgId: org, metric, hour, count, usual, threshold }: Omit<Candidate, 'past'> & Baseline,
): Promise<void> {
  const [named] = await findOrganizations(db, [org])
  if (named === undefined) return
  const alert = { org, id: newId('alert'), metric, hour, count, usual, threshold, tells }
  const [raised] = await db.cross('reconciler', (sql) => sql.run(insertAlert, alert))
  if (raised !== undefined)
    log.warn({ org, slug: named.slug, metric, hour, count, usual, threshold }, 'unusual activity')
}

function rowsOf(metric: Metric, counted: readonly HourCount[]) {
  return {
    metric,
    orgs: counted.map(({ org }) => org),
    hours: counted.map(({ hour }) => hour),
    counts: counted.map(({ count }) => count),
  }
}
