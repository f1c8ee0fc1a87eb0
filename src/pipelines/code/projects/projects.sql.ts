import type { OrgId, ProjectId, RepositoryId } from '../../../contract/ids.ts'
import type { Project, ProjectRepository } from '../../../contract/projects.ts'
import { statement } from '../../../kernel/statement.ts'

const COLUMNS = `p.id, p.name, p.description, p.created_at, p.updated_at,
  (select count(*) from project_repositories m where m.org_id = p.org_id and m.project_id = p.id) as repository_count`
/** A name never begins like an id, so that at most one project is meant. */
const IS_MEANT = 'p.org_id = :org and (p.id = :key or p.name = :key)'

interface Key {
  org: OrgId
  project: ProjectId
}

/** No row when the name is taken; waits for whoever is about to take it. */
export const insertProject = statement<
  { org: OrgId; id: ProjectId; name: string; description: string | null; at: Date },
  Project
>(
  'projects.insert',
  `insert into projects as p (org_id, id, name, description, created_at, updated_at)
   values (:org, :id, :name, :description, :at, :at) on conflict (org_id, name) do nothing returning ${COLUMNS}`,
)

export const countProjects = statement<{ org: OrgId }, { count: number }>(
  'projects.count',
  'select count(*) from projects where org_id = :org',
)

export const selectProjects = statement<{ org: OrgId; after: string | null; limit: number }, Project>(
  'projects.list',
  `select ${COLUMNS} from projects p
   where p.org_id = :org and (:after::text is null or p.name > :after) order by p.name limit :limit`,
)

export const selectProject = statement<{ org: OrgId; key: string }, Project>(
  'projects.get',
  `select ${COLUMNS} from projects p where ${IS_MEANT}`,
)

/** Held to the end of the transaction: it is neither deleted nor renamed meanwhile. */
export const lockProject = statement<{ org: OrgId; key: string }, Project>(
  'projects.lock',
  `select ${COLUMNS} from projects p where ${IS_MEANT} for update`,
)

/** The time of the change stays when nothing is changed. Fails on a name that another project has. */
export const updateProject = statement<Key & { name: string; description: string | null; at: Date }, Project>(
  'projects.update',
  `update projects p set name = :name, description = :description,
     updated_at = case when (p.name, p.description) is distinct from (:name::text, :description::text) then :at else p.updated_at end
   where p.org_id = :org and p.id = :project returning ${COLUMNS}`,
)

export const deleteProject = statement<{ org: OrgId; key: string }, { id: ProjectId; name: string }>(
  'projects.delete',
  `delete from projects p where ${IS_MEANT} returning p.id, p.name`,
)

/** A page of what is in a project, by name. */
export const selectMembers = statement<Key & { after: string | null; limit: number }, ProjectRepository>(
  'projects.members',
  `select r.id, r.name, r.status, r.indexed_commit
   from project_repositories m join repositories r on r.org_id = m.org_id and r.id = m.repository_id
   where m.org_id = :org and m.project_id = :project and (:after::text is null or r.name > :after)
   order by r.name limit :limit`,
)

/** Held to the end of the transaction: it is not deleted meanwhile. Always after the project. */
export const holdRepository = statement<{ org: OrgId; key: string }, { id: RepositoryId; name: string }>(
  'projects.holdRepository',
  'select id, name from repositories where org_id = :org and (id = :key or name = :key) for key share',
)

/** No row when it is in it already. */
export const insertMember = statement<Key & { repository: RepositoryId; at: Date }, { repositoryId: RepositoryId }>(
  'projects.insertMember',
  `insert into project_repositories (org_id, project_id, repository_id, added_at)
   values (:org, :project, :repository, :at) on conflict do nothing returning repository_id`,
)

/** No row when it was not in it. */
export const deleteMember = statement<Key & { repository: RepositoryId }, { repositoryId: RepositoryId }>(
  'projects.deleteMember',
  `delete from project_repositories where org_id = :org and project_id = :project and repository_id = :repository
   returning repository_id`,
)

export const touchProject = statement<Key & { at: Date }>(
  'projects.touch',
  'update projects set updated_at = :at where org_id = :org and id = :project',
)

/** No row when there is no such project; all that is in it otherwise, which may be nothing. */
export const selectProjectRepositories = statement<{ org: OrgId; key: string }, { repositories: RepositoryId[] }>(
  'projects.repositories',
  `select array(select m.repository_id from project_repositories m
     where m.org_id = p.org_id and m.project_id = p.id order by m.repository_id) as repositories
   from projects p where ${IS_MEANT}`,
)
