import type { DataOf } from '../../contract/operation.ts'
import type { deleteProject, getProject, Membership, Project } from '../../contract/projects.ts'
import { listOf, table } from './table.ts'
import { ago, fields, plain, type Look, type Renderers } from './text.ts'

export const PROJECT_RENDERERS: Renderers = {
  'projects.create': ({ name }: Project) => `Created ${plain(name)}.\n${howToAdd(name)}`,
  'projects.list': renderProjects,
  'projects.get': renderProject,
  'projects.update': (project: Project, { width }) => fields(factsOf(project), width),
  'projects.delete': ({ name }: DataOf<typeof deleteProject>) => `Deleted ${plain(name)}. Its repositories stay.\n`,
  'projects.addRepository': ({ project, repository, changed }: Membership) =>
    changed
      ? `Added ${plain(repository.name)} to ${plain(project.name)}.\n`
      : `${plain(repository.name)} is in ${plain(project.name)} already.\n`,
  'projects.removeRepository': ({ project, repository, changed }: Membership) =>
    changed
      ? `Removed ${plain(repository.name)} from ${plain(project.name)}. Its index stays.\n`
      : `${plain(repository.name)} is not in ${plain(project.name)}.\n`,
}

function renderProjects(projects: Project[], look: Look): string {
  const head = ['NAME', 'REPOSITORIES', 'CHANGED', 'DESCRIPTION']
  return listOf(projects, look, 'No projects yet. Create one: tenon projects create <name>', head, (project) => [
    project.name,
    String(project.repositoryCount),
    ago(project.updatedAt),
    oneLine(project.description) ?? '–',
  ])
}

function renderProject({ repositories, ...project }: DataOf<typeof getProject>, look: Look): string {
  const facts = fields({ ...factsOf(project), changed: ago(project.updatedAt) }, look.width)
  if (project.repositoryCount === 0) return `${facts}\nNo repositories yet.\n${howToAdd(project.name)}`
  const rows = repositories.map(({ name, status, indexedCommit }) => [name, status, indexedCommit?.slice(0, 10) ?? '–'])
  return `${facts}\n${table(['REPOSITORY', 'STATUS', 'COMMIT'], rows, look)}`
}

function factsOf({ id, name, description, repositoryCount: count }: Project) {
  return {
    project: id,
    name,
    description: oneLine(description),
    holds: count === 0 ? null : `${count} ${count === 1 ? 'repository' : 'repositories'}`,
  }
}

function howToAdd(project: string): string {
  return `Add a repository: tenon projects add ${plain(project)} <repository>\n`
}

function oneLine(text: string | null): string | null {
  return text === null ? null : text.replaceAll(/\s+/g, ' ')
}
