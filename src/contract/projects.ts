import { z } from 'zod'
import { repository, repositoryField } from './code.ts'
import { orgField, page, pageTokens, timestamp } from './fields.ts'
import { idSchema } from './ids.ts'
import { defineOperation } from './operation.ts'

const project = z.strictObject({
  id: idSchema('proj'),
  name: z.string(),
  description: z.string().nullable(),
  repositoryCount: z.int().describe('Repositories in it'),
  createdAt: timestamp,
  updatedAt: timestamp.describe('When its name, its description or what is in it was changed last'),
})
export type Project = z.output<typeof project>

const projectRepository = repository.pick({ id: true, name: true, status: true, indexedCommit: true })
export type ProjectRepository = z.output<typeof projectRepository>

/** It stands in paths, so it is neither `.` nor `..`. */
const projectName = z
  .string()
  .min(1)
  .max(100)
  .regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]*$/, 'Letters, digits, dots, hyphens and underscores')
  .refine((name) => !name.startsWith('proj_'), 'A name does not begin like an id')
const description = z.string().trim().max(500)
export const projectField = z.string().min(1).max(100).describe('Id or name of the project')

const params = z.strictObject({ org: orgField, project: projectField })
const members = z.strictObject({ org: orgField, project: projectField, repository: repositoryField })

const membership = z.strictObject({
  project: project.pick({ id: true, name: true }),
  repository: repository.pick({ id: true, name: true }),
  changed: z.boolean().describe('False when it was so before'),
})
export type Membership = z.output<typeof membership>

export const createProject = defineOperation({
  name: 'projects.create',
  summary: 'Create a project',
  description:
    'A project is a named group of repositories, and is empty at first. A repository may be in several projects.',
  method: 'POST',
  path: '/v1/projects/{org}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params: z.strictObject({ org: orgField }),
  body: z.strictObject({
    name: projectName.describe('Letters, digits, dots, hyphens and underscores; no other project has it'),
    description: description.optional().describe('What the repositories have in common'),
  }),
  output: project,
  status: 201,
  errors: ['project_exists', 'too_many_projects'],
  idempotent: false,
  surfaces: {
    mcp: {
      tool: 'create_project',
      title: 'Create a project',
      description:
        'Creates an empty project, a named group of repositories that belong together, such as all services of one product. Use it when the user wants to group repositories and list_projects shows no fitting project; then fill it with add_repository_to_project. Returns the project with its id.',
    },
    cli: {
      command: 'projects create',
      args: ['name'],
      examples: [
        'tenon projects create storefront',
        `tenon projects create storefront --description 'The shop and what it calls'`,
      ],
    },
  },
})

export const listProjects = defineOperation({
  name: 'projects.list',
  summary: 'List projects',
  description: 'By name, each with how many repositories are in it.',
  method: 'GET',
  path: '/v1/projects/{org}',
  auth: 'key',
  scope: 'repositories:read',
  tx: 'read',
  params: z.strictObject({ org: orgField }),
  query: z.strictObject({ ...page, maxTokens: pageTokens }),
  output: z.array(project),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'list_projects',
      title: 'List projects',
      description:
        'Lists the projects (groups of repositories) of the organisation by name, each with its description and repositoryCount. Use it to learn which projects there are; use get_project to see which repositories one holds, and list_repositories for repositories whatever their project. Follow meta.pagination.nextCursor for more.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: { command: 'projects list', examples: ['tenon projects list', 'tenon projects list --json'] },
  },
})

export const getProject = defineOperation({
  name: 'projects.get',
  summary: 'Show a project and its repositories',
  description: 'By id or name. `data.repositories` is a page of them by name; `data.repositoryCount` counts them all.',
  method: 'GET',
  path: '/v1/projects/{org}/{project}',
  auth: 'key',
  scope: 'repositories:read',
  tx: 'read',
  params,
  query: z.strictObject({ ...page, maxTokens: pageTokens }),
  output: project.extend({ repositories: z.array(projectRepository) }),
  paginated: true,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'get_project',
      title: 'Show a project',
      description:
        'Shows one project, by id or name, with its repositories: id, name, status and indexed commit of each. Use it to learn what belongs to a project and whether its indexes are ready; search_code with project looks only into these. Many repositories come in pages: repositoryCount counts them all, and meta.pagination.nextCursor leads to the next.',
      defaults: { limit: 25, maxTokens: 8000 },
    },
    cli: {
      command: 'projects show',
      description: 'By id or name, with a page of its repositories by name.',
      args: ['project'],
      examples: ['tenon projects show storefront', 'tenon projects show storefront --json'],
    },
  },
})

export const updateProject = defineOperation({
  name: 'projects.update',
  summary: 'Change name or description of a project',
  description: 'What is left out stays; at least one of the two is given.',
  method: 'PATCH',
  path: '/v1/projects/{org}/{project}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params,
  body: z
    .strictObject({
      name: projectName.optional().describe('New name; no other project has it'),
      description: description
        .nullable()
        .optional()
        .describe('New description; an empty one or `null` takes the old one away'),
    })
    .refine(
      (body) => body.name !== undefined || body.description !== undefined,
      'A new name or a new description is needed',
    )
    .meta({ minProperties: 1 }),
  output: project,
  errors: ['project_exists'],
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'update_project',
      title: 'Change a project',
      description:
        'Gives a project, found by id or name, another name or description; description null takes it away, and what is left out stays. Returns the project. To change which repositories are in it, use add_repository_to_project and remove_repository_from_project.',
    },
    cli: {
      command: 'projects update',
      args: ['project'],
      examples: [
        'tenon projects update storefront --name shop',
        `tenon projects update shop --description ''   # takes it away`,
      ],
    },
  },
})

export const deleteProject = defineOperation({
  name: 'projects.delete',
  summary: 'Delete a project',
  description: 'Its repositories and their indexes stay.',
  method: 'DELETE',
  path: '/v1/projects/{org}/{project}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params,
  output: z.strictObject({ id: idSchema('proj'), name: z.string(), deleted: z.literal(true) }),
  idempotent: true,
  destructive: true,
  surfaces: {
    mcp: {
      tool: 'delete_project',
      title: 'Delete a project',
      description:
        'Deletes a project, found by id or name, for good. Its repositories and their indexes stay and can still be searched. Use it only when the user asks for it; to remove one repository from it, use remove_repository_from_project.',
    },
    cli: {
      command: 'projects delete',
      args: ['project'],
      examples: ['tenon projects delete storefront', 'tenon projects delete storefront --yes'],
    },
  },
})

export const addRepositoryToProject = defineOperation({
  name: 'projects.addRepository',
  summary: 'Add a repository to a project',
  description:
    'Both by id or name. One that is in the project already stays there; `data.changed` says whether it was added now.',
  method: 'PUT',
  path: '/v1/projects/{org}/{project}/repositories/{repository}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params: members,
  output: membership,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'add_repository_to_project',
      title: 'Add a repository to a project',
      description:
        'Adds a repository that Tenon knows to a project, both by id or name; doing it again changes nothing. A repository that list_repositories does not show has to be added with index_repository first. Returns project, repository and changed: false when it was in the project already.',
    },
    cli: {
      command: 'projects add',
      args: ['project', 'repository'],
      description: 'Both by id or name. One that is in the project already stays there.',
      examples: ['tenon projects add storefront honojs/hono', 'tenon projects add storefront tenon'],
    },
  },
})

export const removeRepositoryFromProject = defineOperation({
  name: 'projects.removeRepository',
  summary: 'Remove a repository from a project',
  description:
    'Both by id or name. The repository and its index stay; `data.changed` says whether it was in the project.',
  method: 'DELETE',
  path: '/v1/projects/{org}/{project}/repositories/{repository}',
  auth: 'key',
  scope: 'repositories:write',
  tx: 'write',
  params: members,
  output: membership,
  idempotent: true,
  surfaces: {
    mcp: {
      tool: 'remove_repository_from_project',
      title: 'Remove a repository from a project',
      description:
        'Removes a repository from a project, both by id or name; doing it again changes nothing. The repository itself, its index and its other projects stay. Returns project, repository and changed: false when it was not in the project.',
    },
    cli: {
      command: 'projects remove',
      args: ['project', 'repository'],
      description: 'Both by id or name. The repository and its index stay.',
      examples: ['tenon projects remove storefront honojs/hono', 'tenon projects remove storefront tenon'],
    },
  },
})
