import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import { limitsOf } from '../../domains/limits/index.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Database } from '../../platform/db/index.ts'
import { activeRunOf, type Pipeline } from '../engine/index.ts'
import { markDamaged, selectDueRebuilds, takeRebuild } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import type { DamagedError } from './shard/format.ts'
import { startIndexing } from './start-indexing.ts'

/** Has repositories indexed again of which a part is damaged or gone. A mark in the row stays until that is done. */
export interface Rebuild {
  /** Marks it and starts; whoever has found the damage does not wait for that. */
  report(damage: { org: OrgId; repository: RepositoryId; error: DamagedError }): void
  /** Starts what is marked and due: after an upgrade, or when it failed before. */
  startDue(db: Database): Promise<void>
}

/** What was reported a moment ago is not reported again. */
const AGAIN_MS = 60_000
/** The largest that the database takes. */
const NO_LIMIT = 2_147_483_647
/** At one time, of all organisations. */
const DUE = 50

export function createRebuild({ tenant, log }: CodeDeps, pipeline: Pipeline): Rebuild {
  const reported = new Map<string, number>()
  const start = async (
    { org, repository }: { org: OrgId; repository: RepositoryId },
    before: (sql: Sql) => Promise<unknown>,
  ): Promise<void> => {
    try {
      await tenant(org).write(async (sql) => {
        await before(sql)
        await startOne(sql, { org, repository, pipeline })
      })
    } catch (error) {
      log.warn({ err: error, org, repository }, 'an index could not be built again yet')
    }
  }
  return {
    report: ({ org, repository, error }) => {
      const now = Date.now()
      for (const [key, at] of reported) if (now - at > AGAIN_MS) reported.delete(key)
      if (reported.has(error.key)) return
      reported.set(error.key, now)
      log.error({ err: error, org, repository, blob: error.key }, 'a part of the index is damaged')
      const damage = { org, repository, blobKey: error.key }
      void start(damage, (sql) => sql.run(markDamaged, damage))
    },
    startDue: async (db) => {
      const due = await db.cross('keeper', (sql) => sql.run(selectDueRebuilds, { limit: DUE }))
      for (const { orgId: org, id: repository } of due) await start({ org, repository }, async () => {})
    },
  }
}

/** A run that is under way may end what is wrong; if it does not, the mark is found again. */
async function startOne(
  sql: Sql,
  { org, repository: id, pipeline }: { org: OrgId; repository: RepositoryId; pipeline: Pipeline },
): Promise<void> {
  if ((await activeRunOf(sql, org, id)) !== null) return
  const [repository] = await sql.run(takeRebuild, { org, repository: id })
  if (repository === undefined) return
  // What Tenon itself has to mend does not wait for the next day.
  const limits = { ...(await limitsOf(sql, org)).limits, runsPerDay: NO_LIMIT }
  const call = { org, limits, requestId: newId('req'), createdBy: 'tenon', priority: 'normal' as const, schedule: null }
  await startIndexing(sql, call, { repository, ref: repository.ref, pipeline })
}
