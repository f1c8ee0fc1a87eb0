import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { commitFiles, makeRepository } from '../../../test/support/git-repository.ts'
import { startTestNode, type TestNode } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { addRepository } from '../../contract/code.ts'
import { searchCode } from '../../contract/search.ts'
import { getRun, isEnded, retryRun } from '../../contract/runs.ts'

const folder = temporaryFolder('retry')
let node: TestNode
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

it('a whole run that is tried again when the branch has moved keeps what was indexed, and finds what is new', async () => {
  const org = await node.onboard('moved')
  const source = makeRepository(join(folder.path, 'app'), { 'old.txt': 'lighthouse one\n' })
  const { run } = await org.call(addRepository, { source })
  const ended = () => waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
  await ended()
  commitFiles(source, { 'new.txt': 'lighthouse two\n' }, 'second')
  await org.call(retryRun, { run: run.id, parts: 'all' })
  await ended()
  expect(await org.call(getRun, { run: run.id })).toMatchObject({ status: 'succeeded' })
  const { matches } = await org.call(searchCode, { q: 'lighthouse' })
  const found = Object.fromEntries(matches.map(({ path, snippet }) => [path, snippet.trim()]))
  expect(found).toEqual({ 'new.txt': 'lighthouse two', 'old.txt': 'lighthouse one' })
})
