import { addRepository, type Repository } from '../../contract/code.ts'
import { raiseUsage } from '../../domains/limits/index.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { startCallOf, type Pipeline } from '../engine/index.ts'
import { insertRepository, lockRepository } from './code.sql.ts'
import { probeSource } from './git/probe.ts'
import type { CodeDeps } from './index-pipeline.ts'
import { parseSource } from './source.ts'
import { startIndexing } from './start-indexing.ts'

/** Looks at the source before anything is written, so that a wrong address is refused at once. */
export function addRepositoryVerb({ git, rules }: CodeDeps, pipeline: Pipeline): BoundVerb {
  return implement(addRepository, {
    prepare: async ({ signal }, { source: given, ref }) => {
      const source = parseSource(given, rules)
      await probeSource(git, source, { ref, signal })
      return source
    },
    run: async (ctx, input, source) => {
      const name = input.name ?? source.defaultName
      const ref = input.ref ?? null
      const repository = await addOrFind(ctx, { name, source: source.url, ref })
      if (repository.source !== source.url) throw new TenonError('repository_exists', { details: { name } })
      return startIndexing(ctx.sql, startCallOf(ctx), { repository, ref, pipeline })
    },
  })
}

/** Of two callers who add the same name at once, the second waits here and finds what the first has added. */
async function addOrFind(
  { sql, orgRef, clock }: Ctx,
  { name, source, ref }: { name: string; source: string; ref: string | null },
): Promise<Repository> {
  const { id: org, limits } = orgRef()
  const [present] = await sql.run(lockRepository, { org, key: name })
  if (present !== undefined) return present
  const row = { org, id: newId('repo'), name, source, ref, createdAt: clock.now() }
  const [added] = await sql.run(insertRepository, row)
  if (added !== undefined) {
    await raiseUsage(sql, org, 'repositories', limits)
    return added
  }
  const [other] = await sql.run(lockRepository, { org, key: name })
  // Added and deleted again by others in this instant.
  if (other === undefined) throw new TenonError('unavailable')
  return other
}
