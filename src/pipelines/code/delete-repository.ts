import { deleteRepository } from '../../contract/code.ts'
import { lowerUsage } from '../../domains/limits/index.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import type { Queue } from '../../platform/queue/index.ts'
import { cancelRunsOf } from '../engine/index.ts'
import { deleteRepository as deleteRow, lockRepository } from './code.sql.ts'
import { PURGE } from './purge-job.ts'

/** Rows go now; the job that removes the files is queued by the same transaction. */
export function deleteRepositoryVerb(queue: Queue): BoundVerb {
  return implement(deleteRepository, async (ctx, { repository: key }) => {
    const org = ctx.orgId()
    const [repository] = await ctx.sql.run(lockRepository, { org, key })
    if (repository === undefined) throw new TenonError('not_found')
    // Before the count of runs: whoever adds takes them in this order.
    await lowerUsage(ctx.sql, org, 'repositories', 1)
    await cancelRunsOf(ctx.sql, org, repository.id)
    await ctx.sql.run(deleteRow, { org, repository: repository.id })
    await queue.enqueue(ctx.sql, PURGE, { org, repository: repository.id }, ctx)
    return { id: repository.id, name: repository.name, deleted: true as const }
  })
}
