import type { Target } from '../git/probe.ts'
import type { MirrorRequest } from '../git/mirror.ts'
import { credentialOf } from '../credentials.ts'
import { mirrorOf, type CodeDeps } from '../deps.ts'
import { selectRepository } from '../code.sql.ts'
import { parseSource } from '../source.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { removeMirror } from '../git/mirror.ts'
import type { IndexCtx } from './shapes.ts'

/** How this run reaches its source; the token is opened anew for each step. */
export async function sourceOf(deps: CodeDeps, ctx: IndexCtx) {
  const { org } = ctx
  const { repository, source } = ctx.input
  const place = { org, repository, source, masterKey: deps.masterKey }
  const credential = await ctx.inTenant((tenant) => credentialOf(tenant, place))
  return { source: parseSource(source, deps.rules), credential }
}

/** What reads this node's mirror of the commit. */
export async function mirrorRequest(deps: CodeDeps, ctx: IndexCtx, target: Target): Promise<MirrorRequest> {
  const mirror = mirrorOf(deps.mirrors, ctx.org, ctx.input.repository)
  return { ...(await sourceOf(deps, ctx)), mirror, target, signal: ctx.signal }
}

/**
 * After something was fetched or written: a repository that was deleted meanwhile may have been purged before, so it goes
 * with it. If it is deleted later, the purge comes later too.
 */
export async function unlessDeleted({ org, input, inTenant }: IndexCtx, remove: () => Promise<void>): Promise<void> {
  const [present] = await inTenant((tenant) => tenant.run(selectRepository, { org, key: input.repository }))
  if (present !== undefined) return
  await remove()
  throw new TenonError('cancelled')
}

export function mirrorUnlessDeleted(deps: CodeDeps, ctx: IndexCtx): Promise<void> {
  return unlessDeleted(ctx, () => removeMirror(mirrorOf(deps.mirrors, ctx.org, ctx.input.repository)))
}
