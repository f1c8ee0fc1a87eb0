import { rmSync } from 'node:fs'
import type { Counted } from '../../domains/limits/index.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { Job, Queue } from '../../platform/queue/index.ts'
import type { Pipeline } from '../engine/index.ts'
import { addRepositoryVerb } from './add-repository.ts'
import { countRepositories } from './code.sql.ts'
import { deleteRepositoryVerb } from './delete-repository.ts'
import { getRepositoryVerb } from './get-repository.ts'
import { indexPipeline, type CodeDeps } from './index-pipeline.ts'
import { listRepositoriesVerb } from './list-repositories.ts'
import { PURGE, purgeJob } from './purge-job.ts'
import { reindexRepositoryVerb } from './reindex-repository.ts'
import { searchCodeVerb } from './search-code.ts'
import { createShardCache } from './shard-cache.ts'

export { checkGit, prepareGit } from './git/git.ts'
export type { CodeDeps } from './index-pipeline.ts'

export const codeJobNames: readonly string[] = [PURGE]

/** All that code intelligence adds to Tenon. */
export function codeIntelligence(
  deps: CodeDeps,
  { queue }: { queue: Queue },
): {
  readonly verbs: readonly BoundVerb[]
  readonly pipelines: readonly Pipeline[]
  readonly jobs: readonly Job[]
} {
  rmSync(deps.scratch, { recursive: true, force: true })
  const pipeline = indexPipeline(deps)
  return {
    verbs: [
      addRepositoryVerb(deps, pipeline),
      listRepositoriesVerb,
      getRepositoryVerb,
      reindexRepositoryVerb(pipeline),
      deleteRepositoryVerb(queue),
      searchCodeVerb(createShardCache(deps.blobs)),
    ],
    pipelines: [pipeline],
    jobs: [purgeJob(deps)],
  }
}

/** What the count of repositories stands for. */
export const countedRepositories: Counted = {
  quota: 'repositories',
  count: async (sql, org) => (await sql.run(countRepositories, { org }))[0]?.count ?? 0,
}
