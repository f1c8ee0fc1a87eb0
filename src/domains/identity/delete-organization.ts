import { deleteOrganization } from '../../contract/identity.ts'
import type { OrgId } from '../../contract/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { closeLimits } from '../limits/index.ts'
import { closeOrganization, insertClosing, lockOpen, revokeKeys } from './closing/closing.sql.ts'
import { RETENTION_DAYS } from './closing/index.ts'

/** Closes it, in one transaction with the last entry of its audit trail; what is left to do elsewhere is journalled with it. */
export function deleteOrganizationVerb(forget: (org: OrgId) => void): BoundVerb {
  return implement(deleteOrganization, {
    run: async ({ sql, orgId, clock, note }, { confirm }) => {
      const org = orgId()
      const [open] = await sql.run(lockOpen, { org })
      if (open === undefined) throw new TenonError('not_found')
      if (confirm !== open.slug) throw notConfirmed()
      const { runs } = await closeLimits(sql, org)
      if (runs > 0) throw new TenonError('organization_busy', { details: { runs } })
      const now = clock.now()
      await sql.run(revokeKeys, { org, now })
      const [closed] = await sql.run(closeOrganization, { org, now })
      if (closed === undefined) throw new Error('the organisation was not closed')
      await sql.run(insertClosing, { org })
      note({ slug: open.slug })
      const deletedAfter = new Date(Date.parse(closed.closedAt) + RETENTION_DAYS * 86_400_000).toISOString()
      return { id: org, slug: open.slug, closedAt: closed.closedAt, deletedAfter }
    },
    after: ({ orgId }) => forget(orgId()),
  })
}

function notConfirmed(): TenonError {
  const issues = [{ path: 'query.confirm', message: 'It is not the slug of this organisation' }]
  return new TenonError('validation_failed', { details: { issues } })
}
