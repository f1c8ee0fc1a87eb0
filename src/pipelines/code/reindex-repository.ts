import { reindexRepository } from '../../contract/code.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { startCallOf, type Pipeline } from '../engine/index.ts'
import { lockRepository } from './code.sql.ts'
import { startIndexing } from './start-indexing.ts'

export function reindexRepositoryVerb(pipeline: Pipeline): BoundVerb {
  return implement(reindexRepository, async (ctx, { repository: key }) => {
    const [repository] = await ctx.sql.run(lockRepository, { org: ctx.orgId(), key })
    if (repository === undefined) throw new TenonError('not_found')
    return startIndexing(ctx.sql, startCallOf(ctx), { repository, ref: repository.ref, pipeline })
  })
}
