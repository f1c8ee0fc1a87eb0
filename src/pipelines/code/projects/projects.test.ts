import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { startTestNode, testOrg, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { ownOrg } from '../../../../test/support/own-org.ts'
import { listAudit } from '../../../contract/audit.ts'
import { addRepository, deleteRepository, getRepository, type Repository } from '../../../contract/code.ts'
import { createApiKey } from '../../../contract/identity.ts'
import type { OrgId } from '../../../contract/ids.ts'
import {
  addRepositoryToProject,
  createProject,
  deleteProject,
  getProject,
  listProjects,
  removeRepositoryFromProject,
  updateProject,
} from '../../../contract/projects.ts'
import { projectScope } from './index.ts'

const folder = temporaryFolder('projects')
let node: TestNode
let org: TestOrg
let other: TestOrg
let source: string
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('first')
  other = await node.onboard('second')
  source = makeRepository(join(folder.path, 'app'), { a: 'a\n' })
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const repositoryOf = async (name: string, of = org): Promise<Repository> =>
  (await of.call(addRepository, { source, name })).repository
const namesIn = async (project: string, of = org): Promise<string[]> =>
  (await of.call(getProject, { project })).repositories.map(({ name }) => name)
const NOT_FOUND = { code: 'not_found' }
const nobody = 'proj_00000000000000000000000000'

describe('a project', () => {
  it('is made, shown, changed and deleted, by its id or its name', async () => {
    const made = await org.call(createProject, { name: 'storefront', description: '  The shop ' })
    expect(made).toMatchObject({ name: 'storefront', description: 'The shop', repositoryCount: 0 })
    expect(made.updatedAt).toBe(made.createdAt)
    for (const project of [made.id, 'storefront'])
      expect(await org.call(getProject, { project })).toEqual({ ...made, repositories: [] })
    const renamed = await org.call(updateProject, { project: 'storefront', name: 'shop' })
    expect(renamed).toMatchObject({ id: made.id, name: 'shop', description: 'The shop' })
    expect(renamed.updatedAt > made.updatedAt).toBe(true)
    expect(await org.error(getProject, { project: 'storefront' })).toMatchObject(NOT_FOUND)
    expect(await org.call(deleteProject, { project: made.id })).toEqual({ id: made.id, name: 'shop', deleted: true })
    for (const project of [made.id, 'shop']) {
      expect(await org.error(getProject, { project })).toMatchObject(NOT_FOUND)
      expect(await org.error(updateProject, { project, name: 'x' })).toMatchObject(NOT_FOUND)
      expect(await org.error(deleteProject, { project })).toMatchObject(NOT_FOUND)
    }
  })

  it('has a name that can stand in a path, is no id, and is its own', async () => {
    for (const name of ['', '.', '..', 'a/b', 'a b', '-x', 'ä', nobody, 'proj_x', 'x'.repeat(101)])
      expect([name, await org.error(createProject, { name })]).toMatchObject([name, { code: 'validation_failed' }])
    for (const name of ['own', 'x'.repeat(100), '_a.b-c', '7'])
      expect((await org.call(createProject, { name })).name).toBe(name)
    const taken = { code: 'project_exists', details: { name: 'own' } }
    expect(await org.error(createProject, { name: 'own' })).toMatchObject(taken)
    expect(await org.error(updateProject, { project: '7', name: 'own' })).toMatchObject(taken)
    expect((await org.call(updateProject, { project: 'own', name: 'own' })).name).toBe('own')
    expect((await org.call(createProject, { name: 'OWN' })).name).toBe('OWN')
  })

  it('keeps what a change leaves out, loses its description by null or an empty one, and moves for a change alone', async () => {
    const project = 'described'
    const made = await org.call(createProject, { name: project, description: 'one' })
    expect(await org.call(updateProject, { project, description: 'one', name: project })).toEqual(made)
    expect(await org.call(updateProject, { project, description: null })).toMatchObject({ description: null })
    expect(await org.call(updateProject, { project, description: 'two' })).toMatchObject({ description: 'two' })
    expect(await org.call(updateProject, { project, description: '  ' })).toMatchObject({ description: null })
    expect(await org.error(updateProject, { project })).toMatchObject({
      code: 'validation_failed',
      details: { issues: [{ path: 'body', message: 'A new name or a new description is needed' }] },
    })
    expect(await org.error(updateProject, { project, description: 'x'.repeat(501) })).toMatchObject({
      code: 'validation_failed',
    })
    expect(await org.call(createProject, { name: 'undescribed', description: '' })).toMatchObject({ description: null })
  })

  it('is one of at most a thousand', async () => {
    const full = await node.onboard('full')
    const me = await ownOrg(full)
    await node.database.query(
      `insert into projects (org_id, id, name, created_at, updated_at)
       select $1, 'proj_' || n, 'p' || n, now(), now() from generate_series(1, 999) n`,
      [me.id],
    )
    await full.call(createProject, { name: 'the-last' })
    expect(await full.error(createProject, { name: 'one-more' })).toMatchObject({
      code: 'too_many_projects',
      details: { limit: 1_000 },
    })
  })
})

describe('the list of projects', () => {
  it('is paged by name without a gap or a repeat', async () => {
    const lister = await node.onboard('lister')
    expect(await lister.call(listProjects, {})).toEqual([])
    const names = ['B', 'a', 'a.b', 'b', 'z']
    for (const name of names.toReversed()) await lister.call(createProject, { name })
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = cursor === undefined ? { limit: 2 } : { limit: 2, cursor }
      const { data, meta } = await lister.envelope(listProjects, page)
      seen.push(...data.map(({ name }) => name))
      cursor = meta?.pagination.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(names)
    expect(await lister.error(listProjects, { cursor: 'AAAA' })).toMatchObject({ code: 'invalid_cursor' })
  })
})

describe('the repositories of a project', () => {
  it('are put in and taken out, each time with one effect, by id or name', async () => {
    const made = await org.call(createProject, { name: 'filled' })
    const repository = await repositoryOf('team/filling')
    const both = {
      project: { id: made.id, name: made.name },
      repository: { id: repository.id, name: repository.name },
    }
    const put = (project: string, key: string) => org.call(addRepositoryToProject, { project, repository: key })
    expect(await put('filled', 'team/filling')).toEqual({ ...both, changed: true })
    const after = await org.call(getProject, { project: 'filled' })
    expect(after).toMatchObject({ repositoryCount: 1, repositories: [{ id: repository.id, name: 'team/filling' }] })
    expect(after.updatedAt > made.updatedAt).toBe(true)
    expect(await put(made.id, repository.id)).toEqual({ ...both, changed: false })
    expect((await org.call(getProject, { project: 'filled' })).updatedAt).toBe(after.updatedAt)
    expect((await org.call(listProjects, {})).find(({ id }) => id === made.id)).toMatchObject({ repositoryCount: 1 })

    const take = () => org.call(removeRepositoryFromProject, { project: made.id, repository: 'team/filling' })
    expect(await take()).toEqual({ ...both, changed: true })
    expect(await take()).toEqual({ ...both, changed: false })
    expect(await namesIn('filled')).toEqual([])
    expect(await org.call(getRepository, { repository: repository.id })).toMatchObject({ id: repository.id })
  })

  it('are shown with their state, in pages by name', async () => {
    await org.call(createProject, { name: 'paged' })
    const names = ['paged/a', 'paged/b', 'paged/c', 'paged/d', 'paged/e']
    for (const name of names) {
      const { id } = await repositoryOf(name)
      await org.call(addRepositoryToProject, { project: 'paged', repository: id })
    }
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = cursor === undefined ? { limit: 2 } : { limit: 2, cursor }
      const { data, meta } = await org.envelope(getProject, { project: 'paged', ...page })
      expect(data.repositoryCount).toBe(5)
      for (const repository of data.repositories)
        expect(Object.keys(repository).toSorted()).toEqual(['id', 'indexedCommit', 'name', 'status'])
      seen.push(...data.repositories.map(({ name }) => name))
      cursor = meta?.pagination.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(names)
    expect(await org.error(getProject, { project: 'paged', cursor: 'AAAA' })).toMatchObject({ code: 'invalid_cursor' })
  })

  it('are those that exist: what is deleted is in no project any more, and a deleted project leaves them', async () => {
    for (const name of ['left', 'right']) await org.call(createProject, { name })
    for (const repository of ['kept', 'going']) {
      await repositoryOf(repository)
      for (const project of ['left', 'right']) await org.call(addRepositoryToProject, { project, repository })
    }
    await org.call(deleteRepository, { repository: 'going' })
    for (const project of ['left', 'right']) expect(await namesIn(project)).toEqual(['kept'])
    await org.call(deleteProject, { project: 'left' })
    expect(await org.call(getRepository, { repository: 'kept' })).toMatchObject({ name: 'kept' })
    expect(await namesIn('right')).toEqual(['kept'])
  })

  it('are found by name only where both are, and in the same words whichever is missing', async () => {
    await org.call(createProject, { name: 'present' })
    await repositoryOf('present')
    for (const operation of [addRepositoryToProject, removeRepositoryFromProject])
      for (const [project, repository] of [
        ['absent', 'present'],
        [nobody, 'present'],
        ['present', 'absent'],
        ['present', 'repo_00000000000000000000000000'],
      ] as const)
        expect(await org.error(operation, { project, repository })).toEqual(
          await org.error(getProject, { project: 'absent' }),
        )
  })

  it('are what a search of the project looks at', async () => {
    const me = await ownOrg(org)
    const theirs = await ownOrg(other)
    const scope = (key: string, id: OrgId = me.id) => projectScope(node.database.db.tenant(id).read, id, key)
    const { id } = await org.call(createProject, { name: 'scope' })
    expect(await scope('scope')).toEqual([])
    const repositories = [await repositoryOf('scope/b'), await repositoryOf('scope/a')].map((found) => found.id)
    for (const repository of repositories) await org.call(addRepositoryToProject, { project: id, repository })
    for (const key of [id, 'scope']) expect(await scope(key)).toEqual(repositories.toSorted())
    for (const key of ['no-such', nobody]) await expect(scope(key)).rejects.toMatchObject(NOT_FOUND)
    await expect(scope(id, theirs.id)).rejects.toMatchObject(NOT_FOUND)
  })
})

describe('projects of several organisations', () => {
  it('may have the same name and see nothing of each other', async () => {
    const mine = await org.call(createProject, { name: 'shared', description: 'mine' })
    const repository = await repositoryOf('shared')
    expect(await other.error(getProject, { project: 'shared' })).toMatchObject(NOT_FOUND)
    const theirs = await other.call(createProject, { name: 'shared' })
    const { id: foreign } = await repositoryOf('shared', other)
    const project = mine.id
    expect(await other.error(getProject, { project })).toMatchObject(NOT_FOUND)
    expect(await other.error(updateProject, { project, name: 'stolen' })).toMatchObject(NOT_FOUND)
    expect(await other.error(deleteProject, { project })).toMatchObject(NOT_FOUND)
    for (const operation of [addRepositoryToProject, removeRepositoryFromProject]) {
      expect(await other.error(operation, { project, repository: foreign })).toMatchObject(NOT_FOUND)
      const into = { project: theirs.id, repository: repository.id }
      expect(await other.error(operation, into)).toMatchObject(NOT_FOUND)
    }
    await other.call(addRepositoryToProject, { project: 'shared', repository: 'shared' })
    expect(await namesIn('shared')).toEqual([])
    expect((await other.call(listProjects, {})).map(({ id }) => id)).toEqual([theirs.id])
  })

  it('go with their organisation', async () => {
    const gone = await node.onboard('gone')
    const me = await ownOrg(gone)
    await repositoryOf('gone', gone)
    await gone.call(createProject, { name: 'gone' })
    await gone.call(addRepositoryToProject, { project: 'gone', repository: 'gone' })
    const count = async () =>
      (
        await node.database.query<{ n: number }>(
          `select (select count(*) from projects where org_id = $1)::int
             + (select count(*) from project_repositories where org_id = $1)::int as n`,
          [me.id],
        )
      )[0]?.n
    expect(await count()).toBe(2)
    await node.database.query('delete from organizations where org_id = $1', [me.id])
    expect(await count()).toBe(0)
  })
})

describe('a call about projects', () => {
  it('needs the scope of repositories', async () => {
    await org.call(createProject, { name: 'scoped' })
    await repositoryOf('scoped')
    const keyWith = async (scope: 'repositories:read' | 'search:read') => {
      const { secret } = await org.call(createApiKey, { name: scope, scopes: [scope] })
      return testOrg(node.caller, org.slug, secret)
    }
    const [reader, stranger] = [await keyWith('repositories:read'), await keyWith('search:read')]
    const both = { project: 'scoped', repository: 'scoped' }
    expect(await reader.call(getProject, { project: 'scoped' })).toMatchObject({ name: 'scoped' })
    const refused = { code: 'forbidden', details: { scope: 'repositories:write' } }
    expect(await reader.error(createProject, { name: 'x' })).toMatchObject(refused)
    expect(await reader.error(updateProject, { project: 'scoped', name: 'x' })).toMatchObject(refused)
    expect(await reader.error(deleteProject, { project: 'scoped' })).toMatchObject(refused)
    expect(await reader.error(addRepositoryToProject, both)).toMatchObject(refused)
    expect(await reader.error(removeRepositoryFromProject, both)).toMatchObject(refused)
    expect(await stranger.error(listProjects, {})).toMatchObject({ code: 'forbidden' })
    expect(await stranger.error(getProject, { project: 'scoped' })).toMatchObject({ code: 'forbidden' })
  })

  it('has one effect and one answer under one idempotency key', async () => {
    const create = (idempotencyKey: string) =>
      node.caller.call(createProject, {
        credentials: { apiKey: org.apiKey },
        input: { params: { org: org.slug }, query: {}, body: { name: 'repeated' } },
        requestId: 'request-of-a-test',
        address: '192.0.2.1',
        signal: new AbortController().signal,
        idempotencyKey,
      })
    const first = await create('the-same')
    expect(first).toMatchObject({ ok: true, status: 201, envelope: { data: { name: 'repeated' } } })
    expect((await create('the-same')).envelope).toEqual(first.envelope)
    expect((await create('another')).envelope).toMatchObject({ error: { code: 'project_exists' } })
  })

  it('leaves in the audit trail what it was about', async () => {
    const { id } = await org.call(createProject, { name: 'audited' })
    const repository = await repositoryOf('audited')
    await org.call(addRepositoryToProject, { project: 'audited', repository: 'audited' })
    await org.call(deleteProject, { project: 'audited' })
    const [deleted, added, , created] = await org.call(listAudit, { limit: 4 })
    expect(created).toMatchObject({ action: 'projects.create', resources: { id }, details: { name: 'audited' } })
    expect(added).toMatchObject({
      action: 'projects.addRepository',
      resources: { project: id, repository: repository.id },
      details: { changed: true },
    })
    expect(deleted).toMatchObject({ action: 'projects.delete', resources: { project: 'audited', id } })
  })
})
