import { z } from 'zod'
import { idSchema, type OrgId, type RepositoryId } from '../../contract/ids.ts'
import { limitsOf } from '../../domains/limits/index.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Job, Queue } from '../../platform/queue/index.ts'
import { activeRunOf, type Pipeline } from '../engine/index.ts'
import { lockRepository, markDamaged, selectRebuilds } from './code.sql.ts'
import type { CodeDeps } from './deps.ts'
import type { DamagedError } from './shard/format.ts'
import { startIndexing } from './start-indexing.ts'

export const REBUILD = 'code.rebuild'

const payload = z.strictObject({ org: idSchema('org'), repository: idSchema('repo') })

export interface Rebuild extends Pick<CodeDeps, 'tenant' | 'reader' | 'log'> {
  readonly queue: Queue
}

/** What was reported a moment ago is not reported again. */
const reported = new Map<string, number>()
const AGAIN_MS = 60_000

/** Has a repository indexed again, of which a part is damaged or gone; whoever finds it does not wait for that. */
export function reportDamage(
  { tenant, queue, log }: Rebuild,
  { org, repository, error }: { org: OrgId; repository: string; error: DamagedError },
): void {
  const now = Date.now()
  if (now - (reported.get(error.key) ?? 0) < AGAIN_MS) return
  reported.set(error.key, now)
  for (const [key, at] of reported) if (now - at > AGAIN_MS) reported.delete(key)
  log.error({ err: error, org, repository, blob: error.key }, 'a part of the index is damaged')
  const job = payload.parse({ org, repository })
  tenant(org)
    .write(async (sql) => {
      await sql.run(markDamaged, { ...job, blobKey: error.key })
      await queue.enqueue(sql, REBUILD, job)
    })
    .catch((cause: unknown) => log.error({ err: cause, org, repository }, 'a damaged index was not reported'))
}

export function rebuildJob({ tenant }: CodeDeps, pipeline: Pipeline): Job<z.output<typeof payload>> {
  return {
    name: REBUILD,
    payload,
    run: ({ org, repository }) => tenant(org).write((sql) => rebuildOne(sql, { org, repository, pipeline })),
  }
}

/** Starts what nobody has come to: after an upgrade, or when a report was lost. */
export async function rebuildMarked({ tenant, log }: CodeDeps, pipeline: Pipeline, org: OrgId): Promise<void> {
  const marked = await tenant(org).read.run(selectRebuilds, { org })
  for (const { id: repository } of marked)
    await tenant(org)
      .write((sql) => rebuildOne(sql, { org, repository, pipeline }))
      .catch((error: unknown) => log.warn({ err: error, org, repository }, 'an index could not be built again'))
}

/** What was marked and has no run gets one; whoever starts a run takes the mark off. */
async function rebuildOne(
  sql: Sql,
  { org, repository: key, pipeline }: { org: OrgId; repository: RepositoryId; pipeline: Pipeline },
): Promise<void> {
  const [repository] = await sql.run(lockRepository, { org, key })
  if (repository === undefined || !(await isMarked(sql, org, repository.id))) return
  // It may have read what is lost: the job comes again when it has ended.
  if ((await activeRunOf(sql, org, repository.id)) !== null) throw new TenonError('run_conflict')
  const { limits } = await limitsOf(sql, org)
  const call = { org, limits, requestId: newId('req'), createdBy: 'tenon', priority: 'normal' as const, schedule: null }
  await startIndexing(sql, call, { repository, ref: repository.ref, pipeline })
}

async function isMarked(sql: Sql, org: OrgId, repository: RepositoryId): Promise<boolean> {
  return (await sql.run(selectRebuilds, { org })).some(({ id }) => id === repository)
}
