import { resolveFindingByHand } from '../../contract/findings.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { closeById } from './findings.sql.ts'

export const resolveByHandVerb = implement(resolveFindingByHand, async (ctx, { finding: id, ignore, note }) => {
  const status = ignore ? 'ignored' : 'resolved'
  const [closed] = await ctx.sql.run(closeById, { org: ctx.orgId(), id, status })
  if (closed === undefined) throw new TenonError('not_found')
  ctx.note({ kind: closed.kind, subject: closed.subject, status, ...(note === undefined ? {} : { note }) })
  return closed
})
