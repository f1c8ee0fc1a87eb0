import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { addRepository, deleteRepository, type Repository } from '../../../contract/code.ts'
import {
  addRepositoryToProject,
  createProject,
  deleteProject,
  getProject,
  removeRepositoryFromProject,
  updateProject,
} from '../../../contract/projects.ts'

const folder = temporaryFolder('project-races')
let node: TestNode
let org: TestOrg
let source: string
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('races')
  source = makeRepository(join(folder.path, 'app'), { a: 'a\n' })
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const repositoryOf = async (name: string): Promise<Repository> =>
  (await org.call(addRepository, { source, name })).repository
const namesIn = async (project: string): Promise<string[]> =>
  (await org.call(getProject, { project })).repositories.map(({ name }) => name)
/** `done`, or the code that it failed with. */
const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'done',
    (thrown: Error) => (JSON.parse(thrown.message) as { error: { code: string } }).error.code,
  )

const ROUNDS = 12

describe('two calls at once', () => {
  it('that make one name make one project', async () => {
    for (let round = 0; round < 3; round++) {
      const name = `made-${round}`
      const outcomes = await Promise.all(Array.from({ length: 8 }, () => outcomeOf(org.call(createProject, { name }))))
      expect(outcomes.toSorted()).toEqual(['done', ...Array<string>(7).fill('project_exists')])
    }
  })

  it('that give one name to two projects give it to one of them', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const [one, two] = [`one-${round}`, `two-${round}`]
      for (const name of [one, two]) await org.call(createProject, { name })
      const rename = (project: string, name: string) => outcomeOf(org.call(updateProject, { project, name }))
      const third = await Promise.all([rename(one, `third-${round}`), rename(two, `third-${round}`)])
      expect(third.toSorted()).toEqual(['done', 'project_exists'])
      const made = await Promise.all([
        outcomeOf(org.call(createProject, { name: `fourth-${round}` })),
        rename(`third-${round}`, `fourth-${round}`),
      ])
      expect(made.toSorted()).toEqual(['done', 'project_exists'])
    }
  })

  it('that put one repository into one project put it in once', async () => {
    await org.call(createProject, { name: 'once' })
    const { id: repository } = await repositoryOf('once')
    const put = () => org.call(addRepositoryToProject, { project: 'once', repository })
    const answers = await Promise.all(Array.from({ length: 8 }, put))
    expect(answers.filter(({ changed }) => changed)).toHaveLength(1)
    expect(await namesIn('once')).toEqual(['once'])
  })

  it('that delete a project and fill it leave neither an error of the server nor half of it', async () => {
    const { id: repository } = await repositoryOf('filler')
    for (let round = 0; round < ROUNDS; round++) {
      const { id: project } = await org.call(createProject, { name: 'vanishing' })
      const member = { project, repository }
      const [gone, ...others] = await Promise.all([
        outcomeOf(org.call(deleteProject, { project })),
        outcomeOf(org.call(addRepositoryToProject, member)),
        outcomeOf(org.call(removeRepositoryFromProject, member)),
        outcomeOf(org.call(updateProject, { project, description: 'new' })),
      ])
      expect(gone).toBe('done')
      for (const outcome of others) expect(['done', 'not_found']).toContain(outcome)
      expect(await node.database.query('select from project_repositories where project_id = $1', [project])).toEqual([])
    }
  })

  it('that delete a repository and put it into a project leave nothing of it there', async () => {
    await org.call(createProject, { name: 'staying' })
    for (let round = 0; round < ROUNDS; round++) {
      const { id: repository } = await repositoryOf(`fleeting-${round}`)
      const [gone, put] = await Promise.all([
        outcomeOf(org.call(deleteRepository, { repository })),
        outcomeOf(org.call(addRepositoryToProject, { project: 'staying', repository })),
      ])
      expect(gone).toBe('done')
      expect(['done', 'not_found']).toContain(put)
      expect(await namesIn('staying')).toEqual([])
    }
  })

  it('that delete a repository and its project do not wait for each other for ever', async () => {
    for (let round = 0; round < ROUNDS; round++) {
      const { id: project } = await org.call(createProject, { name: 'ending' })
      const { id: repository } = await repositoryOf(`ending-${round}`)
      await org.call(addRepositoryToProject, { project, repository })
      const outcomes = await Promise.all([
        outcomeOf(org.call(deleteRepository, { repository })),
        outcomeOf(org.call(deleteProject, { project })),
      ])
      expect(outcomes).toEqual(['done', 'done'])
    }
  })
})
