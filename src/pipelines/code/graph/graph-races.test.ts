import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commitFiles, git } from '../../../../test/support/git-repository.ts'
import { graphRowsOf } from '../../../../test/support/graph-rows.ts'
import { liveRepository, type LiveRepository } from '../../../../test/support/live-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { deleteRepository } from '../../../contract/code.ts'
import { searchDependencies } from '../../../contract/graph.ts'
import { analyzeImpact } from '../../../contract/impact.ts'

const folder = temporaryFolder('graph-races')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('races')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const live = (files: Readonly<Record<string, string | Buffer>>): Promise<LiveRepository> =>
  liveRepository({ node, org, folder: folder.path }, files)

describe('a repository that moves while it is asked about', () => {
  it('answers of one commit at a time, and never fails', async () => {
    const { source, name, index } = await live({ 'a.ts': 'export const a = 0\n', 'u0.ts': "import { a } from './a'\n" })
    const over = new AbortController()
    const seen: string[] = []
    const asking = (async () => {
      while (!over.signal.aborted) {
        const { nodes } = await org.call(searchDependencies, { repository: name, path: 'a.ts' })
        const bySymbol = await org.call(searchDependencies, { repository: name, symbol: 'a', path: 'a.ts' })
        const { dependents } = await org.call(analyzeImpact, { repository: name, files: ['a.ts'] })
        seen.push(...[nodes, bySymbol.nodes, dependents].map((list) => list.map(({ path }) => path).join()))
      }
    })()
    for (let round = 1; round <= 4; round++) {
      git(source, 'mv', `u${round - 1}.ts`, `u${round}.ts`)
      commitFiles(source, { 'a.ts': `export const a = ${round}\n` }, 'round')
      await index()
    }
    over.abort()
    await asking
    const whole = new Set(['u0.ts', 'u1.ts', 'u2.ts', 'u3.ts', 'u4.ts'])
    expect(seen.filter((one) => !whole.has(one))).toEqual([])
    expect(new Set(seen).size).toBeGreaterThan(1)
  }, 60_000)

  it('is not found once it is deleted, and leaves no rows', async () => {
    const { id, name } = await live(SHOP)
    const over = new AbortController()
    const codes = new Set<string>()
    const asking = (async () => {
      while (!over.signal.aborted)
        await Promise.all([
          org.call(searchDependencies, { repository: name, symbol: 'addUp' }),
          org.call(analyzeImpact, { repository: name, symbols: [{ name: 'addUp' }] }),
        ]).catch(({ message }: Error) => codes.add((JSON.parse(message) as { error: { code: string } }).error.code))
    })()
    await org.call(deleteRepository, { repository: id })
    await new Promise((resolve) => setTimeout(resolve, 300))
    over.abort()
    await asking
    expect([...codes]).toEqual(['not_found'])
    const empty = { files: [], edges: [], symbols: [], entryPoints: [], facts: [], modules: [] }
    expect(await graphRowsOf(node.database, id)).toEqual(empty)
  })
})
