import { updateProject } from '../../../contract/projects.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement } from '../../../kernel/verb.ts'
import { isUniqueViolation } from '../../../platform/db/index.ts'
import { lockProject, updateProject as update } from './projects.sql.ts'

export const updateProjectVerb = implement(
  updateProject,
  async ({ sql, orgId, clock, note }, { project: key, ...given }) => {
    const org = orgId()
    const [old] = await sql.run(lockProject, { org, key })
    if (old === undefined) throw new TenonError('not_found')
    const name = given.name ?? old.name
    const description = given.description === undefined ? old.description : given.description || null
    const row = { org, project: old.id, name, description, at: clock.now() }
    const [project] = await sql.run(update, row).catch((cause: unknown) => {
      throw isUniqueViolation(cause) ? new TenonError('project_exists', { details: { name }, cause }) : cause
    })
    if (project === undefined) throw new Error('the project was not stored')
    note({ name })
    return project
  },
)
