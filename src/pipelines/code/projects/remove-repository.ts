import { removeRepositoryFromProject } from '../../../contract/projects.ts'
import { implement } from '../../../kernel/verb.ts'
import { holdBoth } from './hold-both.ts'
import { deleteMember, touchProject } from './projects.sql.ts'

export const removeRepositoryVerb = implement(
  removeRepositoryFromProject,
  async ({ sql, orgId, clock, note }, input) => {
    const org = orgId()
    const { project, repository } = await holdBoth(sql, org, input)
    const changed = (await sql.run(deleteMember, { org, project: project.id, repository: repository.id })).length > 0
    if (changed) await sql.run(touchProject, { org, project: project.id, at: clock.now() })
    note({ changed })
    return { project, repository, changed }
  },
)
