import { onboardOrganization } from '../../contract/identity.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { isUniqueViolation, type Database } from '../../platform/db/index.ts'
import { insertOrganization } from './identity.sql.ts'
import { newApiKey } from './new-api-key.ts'

/** Organisation and first key in one transaction: both or neither. */
export function onboardVerb(db: Database): BoundVerb {
  return implement(onboardOrganization, async ({ clock }, { slug, name }) => {
    const createdAt = clock.now()
    const id = newId('org')
    return db
      .cross('auth', async (sql) => {
        const [org] = await sql.run(insertOrganization, { org: id, slug, name, createdAt })
        if (org === undefined) throw new Error('the organisation was not stored')
        const apiKey = await newApiKey(sql, {
          org: id,
          name: 'first key',
          scopes: ALL_SCOPES,
          createdBy: 'root',
          createdAt,
        })
        return { org, apiKey }
      })
      .catch((cause: unknown) => {
        throw isUniqueViolation(cause) ? new TenonError('organization_exists', { cause }) : cause
      })
  })
}
