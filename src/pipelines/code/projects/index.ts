import type { BoundVerb } from '../../../kernel/verb.ts'
import { addRepositoryVerb } from './add-repository.ts'
import { createProjectVerb } from './create-project.ts'
import { deleteProjectVerb } from './delete-project.ts'
import { getProjectVerb } from './get-project.ts'
import { listProjectsVerb } from './list-projects.ts'
import { removeRepositoryVerb } from './remove-repository.ts'
import { updateProjectVerb } from './update-project.ts'

export { projectScope } from './project-scope.ts'

export const projectVerbs: readonly BoundVerb[] = [
  createProjectVerb,
  listProjectsVerb,
  getProjectVerb,
  updateProjectVerb,
  deleteProjectVerb,
  addRepositoryVerb,
  removeRepositoryVerb,
]
