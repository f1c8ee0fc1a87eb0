import { addRepository } from '../../contract/code.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { isUniqueViolation } from '../../platform/db/index.ts'
import type { Pipeline, WakeUp } from '../engine/index.ts'
import { insertRepository, lockRepository } from './code.sql.ts'
import { probeSource } from './git/probe.ts'
import type { CodeDeps } from './index-pipeline.ts'
import { parseSource } from './source.ts'
import { startIndexing } from './start-indexing.ts'

/** Looks at the source before anything is written, so that a wrong address is refused at once. */
export function addRepositoryVerb({ git, rules }: CodeDeps, pipeline: Pipeline, wakeUp: WakeUp): BoundVerb {
  return implement(addRepository, async (ctx, input) => {
    const source = parseSource(input.source, rules)
    const ref = input.ref ?? null
    await probeSource(git, source, { ref: input.ref, signal: ctx.signal })
    const org = ctx.orgId()
    const name = input.name ?? source.defaultName
    const addOrFind = () =>
      ctx.inTenant(async (sql) => {
        const [present] = await sql.run(lockRepository, { org, key: name })
        if (present !== undefined && present.source !== source.url)
          throw new TenonError('repository_exists', { details: { name } })
        const row = { org, id: newId('repo'), name, source: source.url, ref, createdAt: ctx.clock.now() }
        const repository = present ?? (await sql.run(insertRepository, row))[0]
        if (repository === undefined) throw new Error('the repository was not stored')
        return startIndexing(sql, { ctx, org, repository, ref, pipeline })
      })
    // Of two callers who add the same name at once, the second finds what the first has added.
    const started = await addOrFind().catch((cause: unknown) => {
      if (isUniqueViolation(cause)) return addOrFind()
      throw cause
    })
    wakeUp.ring()
    return started
  })
}
