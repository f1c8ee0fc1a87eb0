import { createProject } from '../../../contract/projects.ts'
import { newId } from '../../../kernel/ids.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement } from '../../../kernel/verb.ts'
import { countProjects, insertProject } from './projects.sql.ts'

const MAX_PROJECTS = 1_000

export const createProjectVerb = implement(createProject, async ({ sql, orgId, clock, note }, input) => {
  const org = orgId()
  const { name } = input
  const [{ count } = { count: 0 }] = await sql.run(countProjects, { org })
  if (count >= MAX_PROJECTS) throw new TenonError('too_many_projects', { details: { limit: MAX_PROJECTS } })
  const row = { org, id: newId('proj'), name, description: input.description || null, at: clock.now() }
  const [project] = await sql.run(insertProject, row)
  if (project === undefined) throw new TenonError('project_exists', { details: { name } })
  note({ name })
  return project
})
