import { getRepository } from '../../contract/code.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectRepository } from './code.sql.ts'

export const getRepositoryVerb = implement(getRepository, async ({ sql, orgId }, { repository }) => {
  const [found] = await sql.run(selectRepository, { org: orgId(), key: repository })
  if (found === undefined) throw new TenonError('not_found')
  return found
})
