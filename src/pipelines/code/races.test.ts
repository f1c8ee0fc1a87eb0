import { writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository, deleteRepository, reindexRepository } from '../../contract/code.ts'
import { searchCode } from '../../contract/search.ts'
import { getRun, isEnded } from '../../contract/runs.ts'
import { filesBelow } from '../../../test/support/files-below.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const folder = temporaryFolder('races')
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

async function endOf(run: string): Promise<string> {
  await waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)
  return (await org.call(getRun, { run })).status
}

function filesOf(repository: string): string[] {
  return filesBelow(node.dir)
    .map((path) => relative(node.dir, path))
    .filter((path) => path.includes(repository))
}

/** The shards of a repository and its snapshot. */
function blobsOf(repository: string): string[] {
  return filesOf(repository).filter((path) => path.startsWith('blobs') && path.includes('run_'))
}

describe('two calls at once', () => {
  it('that add the same source under the same name share one repository and one run', async () => {
    const source = makeRepository(join(folder.path, 'same'), { a: 'a' })
    const started = await Promise.all(Array.from({ length: 4 }, () => org.call(addRepository, { source })))
    expect(new Set(started.map(({ repository }) => repository.id)).size).toBe(1)
    for (const { run } of started) expect(await endOf(run.id)).toBe('succeeded')
  })

  it('for two refs leave one run to work on the repository, and its ref is what is found', async () => {
    const source = makeRepository(join(folder.path, 'refs'), { shared: 'shared', only: 'of the main branch' })
    git(source, 'checkout', '-q', '-b', 'other')
    commitFiles(source, { only: 'of the other branch' }, 'other')
    git(source, 'checkout', '-q', 'main')
    const started = await Promise.all(
      ['main', 'other'].map((ref) => org.call(addRepository, { source, name: 'refs', ref })),
    )
    const last = started
      .map(({ run }) => run.id)
      .toSorted()
      .at(-1)
    for (const { run } of started) expect(await endOf(run.id)).toBe(run.id === last ? 'succeeded' : 'cancelled')
    const ref = started.find(({ run }) => run.id === last)?.repository.ref
    const { matches } = await org.call(searchCode, { q: 'branch', repository: 'refs' })
    expect(matches.map(({ snippet }) => snippet)).toEqual([`of the ${ref} branch`])
    expect((await org.call(searchCode, { q: 'shared', repository: 'refs' })).total).toBe(1)
  })
})

describe('a repository', () => {
  it('that is deleted while it is indexed leaves no file and no mirror', async () => {
    for (let i = 0; i < 6; i++) {
      const source = makeRepository(join(folder.path, `gone${i}`), { a: `a${i}`, b: 'b'.repeat(50_000) })
      const { repository, run } = await org.call(addRepository, { source })
      await new Promise((resolve) => setTimeout(resolve, i * 40))
      await org.call(deleteRepository, { repository: repository.id })
      expect(['cancelled', 'succeeded']).toContain(await endOf(run.id))
      await waitFor(async () => filesOf(repository.id).length === 0, 10_000)
      await new Promise((resolve) => setTimeout(resolve, 300))
      expect(filesOf(repository.id)).toEqual([])
    }
  }, 60_000)

  it('is always found as one whole commit while it is indexed again', async () => {
    const source = makeRepository(join(folder.path, 'turning'), { a: 'round 0\n', b: 'round 0\n' })
    const { repository, run } = await org.call(addRepository, { source })
    await endOf(run.id)
    const over = new AbortController()
    const seen: string[] = []
    const searching = (async () => {
      while (!over.signal.aborted) {
        const { matches } = await org.call(searchCode, { q: 'round', repository: repository.id })
        seen.push(matches.map(({ snippet }) => snippet).join())
      }
    })()
    for (let round = 1; round <= 6; round++) {
      commitFiles(source, { a: `round ${round}\n`, b: `round ${round}\n` }, `round ${round}`)
      const { run: again } = await org.call(reindexRepository, { repository: repository.id })
      expect(await endOf(again.id)).toBe('succeeded')
    }
    over.abort()
    await searching
    const whole = Array.from({ length: 7 }, (_, round) => `round ${round},round ${round}`)
    expect(seen.filter((answer) => !whole.includes(answer))).toEqual([])
    expect(seen.at(-1)).toBe(whole.at(-1))
    await waitFor(async () => blobsOf(repository.id).length === 2, 5_000)
    expect(blobsOf(repository.id).filter((path) => path.endsWith('.snapshot')).length).toBe(1)
  }, 60_000)

  it('loses the files of runs that failed with the next one that succeeds', async () => {
    const source = makeRepository(join(folder.path, 'leftover'), { a: 'a' })
    const { repository, run } = await org.call(addRepository, { source })
    await endOf(run.id)
    const kept = blobsOf(repository.id).filter((path) => !path.endsWith('.snapshot'))
    expect([kept.length, blobsOf(repository.id).length]).toEqual([1, 2])
    for (const name of ['run_00000000000000000000-0-1', 'run_00000000000000000000-1.snapshot'])
      writeFileSync(join(node.dir, dirname(kept[0] ?? ''), name), 'of a run that failed')
    expect(blobsOf(repository.id).length).toBe(4)
    const { run: again } = await org.call(reindexRepository, { repository: repository.id })
    await endOf(again.id)
    await waitFor(async () => blobsOf(repository.id).length === 2, 5_000)
    expect(blobsOf(repository.id)).toEqual(expect.arrayContaining(kept))
    expect(blobsOf(repository.id).filter((path) => path.includes('run_0000000'))).toEqual([])
  })
})
