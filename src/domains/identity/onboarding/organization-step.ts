import { createOrganization, onboardOrganization } from '../../../contract/identity.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { isUniqueViolation, type Database } from '../../../platform/db/index.ts'
import { appendAudit } from '../../audit/index.ts'
import { givePlan } from '../../limits/index.ts'
import { deleteOrganization, insertOrganization } from '../identity.sql.ts'
import type { OnboardingStep } from './saga.ts'

/** Organisation, plan and the first entry of its audit trail, in one transaction. */
export function organizationStep(db: Database): OnboardingStep {
  return {
    name: 'organization',
    run: async ({ id, slug, name, plan, owner, createdAt, requestId, address }, hold) => {
      await db
        .cross('auth', async (sql) => {
          await hold(sql)
          const [made] = await sql.run(insertOrganization, { org: id, slug, name, createdAt })
          if (made === undefined) return
          await sql.asTenant(id, async (tenant) => {
            await givePlan(tenant, id, plan)
            await appendAudit(tenant, id, {
              at: createdAt.toISOString(),
              action: (owner === null ? onboardOrganization : createOrganization).name,
              outcome: 'done',
              code: null,
              actor: owner ?? 'root',
              address,
              requestId,
              resources: { org: id },
              details: { slug, name, plan },
            }).catch((cause: unknown) => Promise.reject(new TenonError('audit_unavailable', { cause })))
          })
        })
        .catch((cause: unknown) => {
          throw isUniqueViolation(cause) ? new TenonError('organization_exists', { cause }) : cause
        })
    },
    undo: async (org, hold) => {
      await db.cross('auth', async (sql) => {
        await hold(sql)
        await sql.run(deleteOrganization, { org })
      })
    },
  }
}
