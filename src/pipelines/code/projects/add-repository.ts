import { addRepositoryToProject } from '../../../contract/projects.ts'
import { implement } from '../../../kernel/verb.ts'
import { holdBoth } from './hold-both.ts'
import { insertMember, touchProject } from './projects.sql.ts'

export const addRepositoryVerb = implement(addRepositoryToProject, async ({ sql, orgId, clock, note }, input) => {
  const org = orgId()
  const { project, repository } = await holdBoth(sql, org, input)
  const member = { org, project: project.id, repository: repository.id, at: clock.now() }
  const changed = (await sql.run(insertMember, member)).length > 0
  if (changed) await sql.run(touchProject, { org, project: project.id, at: member.at })
  note({ changed })
  return { project, repository, changed }
})
