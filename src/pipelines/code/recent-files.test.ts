import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listRecentFiles } from '../../contract/search.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { indexed, reindexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('recent-files')
let node: TestNode
let org: TestOrg
let source: string
const DAY = '2026-01-'

/** A commit of that day of January. */
function commitOn(day: number, files: Readonly<Record<string, string>>): string {
  process.env['GIT_COMMITTER_DATE'] = `${DAY}${String(day).padStart(2, '0')}T12:00:00Z`
  commitFiles(source, files, `of day ${day}`)
  delete process.env['GIT_COMMITTER_DATE']
  return git(source, 'rev-parse', 'HEAD').trim()
}

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('recent')
  source = makeRepository(join(folder.path, 'app'), { 'first.md': 'first' })
  process.env['GIT_COMMITTER_DATE'] = `${DAY}01T12:00:00Z`
  git(source, 'commit', '-q', '--amend', '--no-edit')
  delete process.env['GIT_COMMITTER_DATE']
  commitOn(2, { 'b.ts': 'b', 'a.ts': 'a', 'c.py': 'c' })
  commitOn(3, { 'c.py': 'changed\ntwice\n' })
  await indexed(org, source)
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const list = (more: { language?: 'typescript' | 'python'; limit?: number; cursor?: string } = {}) =>
  org.envelope(listRecentFiles, { repository: 'app', ...more })
const paths = async (more: Parameters<typeof list>[0] = {}): Promise<string[]> =>
  (await list(more)).data.map(({ path }) => path)

describe('recent files', () => {
  it('are those that the newest commits changed, the newest first, then by path', async () => {
    expect(await paths()).toEqual(['c.py', 'a.ts', 'b.ts', 'first.md'])
    const [first] = (await list()).data
    expect(first).toEqual({
      path: 'c.py',
      language: 'python',
      sizeBytes: 14,
      lines: 2,
      commit: git(source, 'rev-parse', 'HEAD').trim(),
      changedAt: `${DAY}03T12:00:00.000Z`,
    })
    expect(await paths({ language: 'typescript' })).toEqual(['a.ts', 'b.ts'])
  })

  it('can be paged through, also when one commit has changed many of them', async () => {
    const many = Object.fromEntries(Array.from({ length: 57 }, (_, i) => [`many/${'d'.repeat(150)}/f${i}.ts`, `${i}`]))
    commitOn(4, many)
    await reindexed(org, 'app')
    const all = await paths({ limit: 200 })
    expect(all.length).toBe(61)
    expect(all.slice(0, 57).every((path) => path.startsWith('many/'))).toBe(true)
    for (const limit of [1, 10, 57, 60]) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const { data, meta } = await list({ limit, ...(cursor === undefined ? {} : { cursor }) })
        seen.push(...data.map(({ path }) => path))
        cursor = meta?.pagination.nextCursor ?? undefined
      } while (cursor !== undefined && seen.length < 100)
      expect([limit, seen]).toEqual([limit, all])
    }
    expect((await org.error(listRecentFiles, { repository: 'app', cursor: 'AAAA' })).code).toBe('invalid_cursor')
  })

  it('follow the commits that are indexed later', async () => {
    const commit = commitOn(5, { 'first.md': 'again', 'new.py': 'new' })
    git(source, 'mv', 'a.ts', 'moved.ts')
    git(source, 'rm', '-q', 'b.ts')
    const last = commitOn(6, {})
    await reindexed(org, 'app')
    const { data } = await list()
    expect(data.slice(0, 3).map(({ path, commit: by }) => [path, by])).toEqual([
      ['moved.ts', last],
      ['first.md', commit],
      ['new.py', commit],
    ])
    expect(data.map(({ path }) => path)).not.toContain('b.ts')
    expect(await paths({ language: 'python' })).toEqual(['new.py', 'c.py'])
  })

  it('of another organisation or of nothing are not found', async () => {
    const foreign = await node.onboard('foreign')
    const [one, two] = [
      await foreign.error(listRecentFiles, { repository: 'app' }),
      await org.error(listRecentFiles, { repository: 'none' }),
    ]
    expect(one).toEqual(two)
    expect(one.code).toBe('not_found')
  })

  it('name the commit that is there, also after the last one was written anew', async () => {
    const before = commitOn(20, { 'first.md': 'rewritten' })
    await reindexed(org, 'app')
    expect((await list({ limit: 1 })).data).toMatchObject([{ path: 'first.md', commit: before }])
    process.env['GIT_COMMITTER_DATE'] = `${DAY}21T12:00:00Z`
    git(source, 'commit', '-q', '--amend', '--no-edit')
    delete process.env['GIT_COMMITTER_DATE']
    const after = git(source, 'rev-parse', 'HEAD').trim()
    expect(after).not.toBe(before)
    await reindexed(org, 'app')
    expect((await list({ limit: 1 })).data).toMatchObject([{ path: 'first.md', commit: after }])
  })
})
