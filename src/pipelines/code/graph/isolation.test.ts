import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { graphRowsOf } from '../../../../test/support/graph-rows.ts'
import { indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { ownOrg } from '../../../../test/support/own-org.ts'
import { deleteRepository } from '../../../contract/code.ts'
import { searchDependencies } from '../../../contract/graph.ts'
import { analyzeImpact } from '../../../contract/impact.ts'
import { addRepositoryToProject, createProject } from '../../../contract/projects.ts'
import { searchCode } from '../../../contract/search.ts'
import { validateSpec } from '../../../contract/specs.ts'
import { statement } from '../../../kernel/statement.ts'

const folder = temporaryFolder('graph-isolation')
const TABLES = ['code_facts', 'code_symbols', 'code_entry_points', 'code_edges', 'code_modules'] as const
let node: TestNode
let first: TestOrg
let second: TestOrg
const ids = { first: { shop: '', kit: '', project: '' }, second: { shop: '', kit: '', project: '' } }
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  first = await node.onboard('first')
  second = await node.onboard('second')
  const shop = makeRepository(join(folder.path, 'shop'), SHOP)
  // Only the second organisation has what the first one's package is imported by.
  const kit = makeRepository(join(folder.path, 'kit'), {
    'package.json': JSON.stringify({ name: 'kit', dependencies: { '@shop/core': '1' } }),
    'kit.ts': "import { addUp } from '@shop/core'\nexport const secretKit = addUp\n",
  })
  for (const org of [first, second]) {
    const own = ids[org.slug as keyof typeof ids]
    own.shop = await indexed(org, shop)
    own.project = (await org.call(createProject, { name: 'all' })).id
    await org.call(addRepositoryToProject, { project: 'all', repository: own.shop })
  }
  ids.second.kit = await indexed(second, kit)
  await second.call(addRepositoryToProject, { project: 'all', repository: ids.second.kit })
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const PATH = 'packages/core/src/money.ts'
const spec = { modify: [{ path: PATH, symbols: ['addUp'], imports: ['kit'] }], symbols: [{ name: 'secretKit' }] }
/** Every new way of asking, about a repository and in a project. */
const questions = (org: TestOrg, repository: string, project?: string) => {
  const about = { repository, ...(project === undefined ? {} : { project }) }
  return [
    org.call(searchDependencies, { ...about, path: PATH, direction: 'both' }),
    org.call(searchDependencies, { ...about, symbol: 'addUp' }),
    org.call(analyzeImpact, { ...about, files: [PATH] }),
    org.call(analyzeImpact, { ...about, symbols: [{ name: 'addUp' }] }),
    org.call(analyzeImpact, { ...about, base: 'main' }),
    org.call(validateSpec, { ...about, spec }),
    org.call(searchCode, { ...about, symbol: 'addUp' }),
  ]
}
const outcomes = async (calls: Promise<unknown>[]): Promise<string[]> =>
  (await Promise.allSettled(calls)).map((outcome) =>
    outcome.status === 'fulfilled' ? JSON.stringify(outcome.value) : String(outcome.reason),
  )

describe('two organisations with the same repository', () => {
  it('are each told of their own alone, also in a project', async () => {
    const asked = await outcomes(questions(first, 'shop', 'all'))
    expect(asked.filter((text) => text.startsWith('Error'))).toEqual([])
    for (const text of asked) expect(text).not.toMatch(/kit\.ts|"kit"/)
    expect((await outcomes(questions(second, 'shop', 'all'))).join('\n')).toContain('kit.ts')
    expect((await first.call(searchCode, { symbol: 'secretKit' })).matches).toEqual([])
    expect((await second.call(searchCode, { symbol: 'secretKit' })).matches).toHaveLength(1)
    const theirs = Object.values(ids.second)
    expect(theirs.filter((id) => asked.join('\n').includes(id))).toEqual([])
  })

  it('get the same bytes for what belongs to the other as for what nobody has', async () => {
    const nobodys = await outcomes(questions(first, 'repo_00000000000000000000000000'))
    expect(nobodys.every((text) => text.includes('"not_found"'))).toBe(true)
    for (const id of [ids.second.shop, ids.second.kit, 'kit'])
      expect(await outcomes(questions(first, id))).toEqual(nobodys)
    expect(await outcomes(questions(first, 'shop', ids.second.project))).toEqual(
      await outcomes(questions(first, 'shop', 'proj_00000000000000000000000000')),
    )
  })

  it('share no row, and the database shows each its own alone, whatever is asked', async () => {
    const counts = new Map<string, number>()
    for (const table of TABLES) {
      const rows = await node.database.query<{ org_id: string; n: number }>(
        `select org_id, count(*)::int as n from ${table} group by org_id`,
      )
      expect([table, rows.length]).toEqual([table, 2])
      for (const { org_id: org, n } of rows) counts.set(`${table} ${org}`, n)
    }
    for (const caller of [first, second]) {
      const org = (await ownOrg(caller)).id
      for (const table of TABLES) {
        const all = statement<Record<string, never>, { org: string }>(
          `test.all.${table}`,
          `select org_id as org from ${table}`,
        )
        const seen = await node.database.db.tenant(org).read.run(all, {})
        expect([table, new Set(seen.map((row) => row.org))]).toEqual([table, new Set([org])])
        expect(seen.length).toBe(counts.get(`${table} ${org}`))
      }
    }
  })

  it('keep their graph when the other deletes its own', async () => {
    const before = await graphRowsOf(node.database, ids.second.shop)
    await first.call(deleteRepository, { repository: 'shop' })
    expect(await graphRowsOf(node.database, ids.second.shop)).toEqual(before)
    expect((await graphRowsOf(node.database, ids.first.shop)).facts).toEqual([])
    const answers = await outcomes(questions(second, 'shop', 'all'))
    expect(answers.filter((text) => text.startsWith('Error'))).toEqual([])
  })
})
