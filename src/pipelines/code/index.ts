import type { OrgId } from '../../contract/ids.ts'
import type { Counted } from '../../domains/limits/index.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import type { Job, Queue } from '../../platform/queue/index.ts'
import type { Pipeline } from '../engine/index.ts'
import { addRepositoryVerb } from './add-repository.ts'
import { countRepositories } from './code.sql.ts'
import { deleteRepositories, deleteRepositoryVerb } from './delete-repository.ts'
import type { CodeDeps } from './deps.ts'
import { getFileVerb } from './get-file.ts'
import { getRepositoryVerb } from './get-repository.ts'
import { createDrawer } from './graph/drawer.ts'
import { searchDependenciesVerb } from './graph/search-dependencies.ts'
import { analyzeImpactVerb } from './impact/analyze-impact.ts'
import { indexPipeline } from './index-pipeline.ts'
import { listRecentFilesVerb } from './list-recent-files.ts'
import { listRepositoriesVerb } from './list-repositories.ts'
import { projectVerbs } from './projects/index.ts'
import { PURGE, purgeJob } from './purge-job.ts'
import { createRebuild } from './rebuild.ts'
import { reindexRepositoryVerb } from './reindex-repository.ts'
import { clearScratch, leaveScratch } from './scratch.ts'
import { searchCodeVerb } from './search-code.ts'
import { validateSpecVerb } from './specs/validate-spec.ts'
import { sweepCaches } from './sweep-caches.ts'

export type { CodeDeps } from './deps.ts'
export { checkGit, prepareGit } from './git/git.ts'
export { gitFoldersOf } from './git/local-repository.ts'
export { createIndexReader } from './search/index-reader.ts'

export const codeJobNames: readonly string[] = [PURGE]

/** All that code intelligence adds to Tenon. */
export interface CodeIntelligence {
  readonly verbs: readonly BoundVerb[]
  readonly pipelines: readonly Pipeline[]
  readonly jobs: readonly Job[]
  /** Starts indexing what has lost a part of its index. */
  startRebuilds(db: Database): Promise<void>
  /** All of an organisation that was closed. */
  deleteRepositories(db: Database, closed: { readonly org: OrgId; readonly signal: AbortSignal }): Promise<void>
  /** Removes what this node keeps without need. */
  sweepCaches(signal: AbortSignal): Promise<void>
  /** Starts what searches need, so that the first one does not wait for it. */
  warmUp(): void
  close(): Promise<void>
}

export function codeIntelligence(deps: CodeDeps, { queue }: { queue: Queue }): CodeIntelligence {
  clearScratch(deps.scratch)
  const pipeline = indexPipeline(deps)
  const rebuild = createRebuild(deps, pipeline)
  const drawer = createDrawer()
  return {
    verbs: [
      addRepositoryVerb(deps, pipeline),
      listRepositoriesVerb,
      getRepositoryVerb,
      reindexRepositoryVerb(pipeline),
      deleteRepositoryVerb(queue),
      ...projectVerbs,
      searchCodeVerb(deps, rebuild),
      getFileVerb(deps, rebuild),
      listRecentFilesVerb,
      searchDependenciesVerb({ drawer, reader: deps.reader, rebuild }),
      analyzeImpactVerb(deps, rebuild),
      validateSpecVerb(deps, rebuild),
    ],
    pipelines: [pipeline],
    jobs: [purgeJob(deps)],
    startRebuilds: (db) => rebuild.startDue(db),
    deleteRepositories: (db, closed) => deleteRepositories(db, queue, closed),
    sweepCaches: (signal) => sweepCaches(deps, signal),
    warmUp: () => deps.reader.warmUp(),
    close: async () => {
      await drawer.close()
      await deps.reader.close()
      leaveScratch(deps.scratch)
    },
  }
}

/** What the count of repositories stands for. */
export const countedRepositories: Counted = {
  quota: 'repositories',
  count: async (sql, org) => (await sql.run(countRepositories, { org }))[0]?.count ?? 0,
}
