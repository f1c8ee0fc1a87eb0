import { deleteRepository } from '../../contract/code.ts'
import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import type { Queue } from '../../platform/queue/index.ts'
import { cancelRunsOf } from '../engine/index.ts'
import { deleteRepository as deleteRow, lockRepository, selectRepositories } from './code.sql.ts'
import { PURGE } from './purge-job.ts'

/** Rows go now; the job that removes the files is queued by the same transaction. */
export function deleteRepositoryVerb(queue: Queue): BoundVerb {
  return implement(deleteRepository, async (ctx, { repository: key }) => {
    const org = ctx.orgId()
    const [repository] = await ctx.sql.run(lockRepository, { org, key })
    if (repository === undefined) throw new TenonError('not_found')
    await remove(ctx.sql, queue, { org, repository: repository.id, requestId: ctx.requestId })
    return { id: repository.id, name: repository.name, deleted: true as const }
  })
}

/** All of an organisation that was closed, each in a transaction of its own; what was begun is gone on with. */
export async function deleteRepositories(
  db: Database,
  queue: Queue,
  { org, signal }: { org: OrgId; signal: AbortSignal },
): Promise<void> {
  const requestId = newId('req')
  for (;;) {
    signal.throwIfAborted()
    const [next] = await db.tenant(org).read.run(selectRepositories, { org, after: null, limit: 1 })
    if (next === undefined) return
    await db.tenant(org).write((sql) => remove(sql, queue, { org, repository: next.id, requestId }))
  }
}

async function remove(
  sql: Sql,
  queue: Queue,
  { org, repository, requestId }: { org: OrgId; repository: RepositoryId; requestId: string },
): Promise<void> {
  // Before the count of runs: whoever adds takes them in this order.
  await lowerUsage(sql, org, 'repositories', 1)
  await cancelRunsOf(sql, org, repository)
  await sql.run(deleteRow, { org, repository })
  await queue.enqueue(sql, PURGE, { org, repository }, { requestId })
}
