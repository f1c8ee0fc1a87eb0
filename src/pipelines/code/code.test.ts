import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  addRepository,
  deleteRepository,
  getRepository,
  listRepositories,
  reindexRepository,
} from '../../contract/code.ts'
import { searchCode } from '../../contract/search.ts'
import { getRun, isEnded, listRunLogs, type Run } from '../../contract/runs.ts'
import { filesBelow } from '../../../test/support/files-below.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const folder = temporaryFolder('code')
let node: TestNode
let first: TestOrg
let second: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  first = await node.onboard('first')
  second = await node.onboard('second')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

async function ended(org: TestOrg, id: string): Promise<Run> {
  await waitFor(async () => isEnded((await org.call(getRun, { run: id })).status), 20_000)
  return org.call(getRun, { run: id })
}

async function indexed(org: TestOrg, source: string, name?: string): Promise<Run> {
  const { run } = await org.call(addRepository, { source, ...(name === undefined ? {} : { name }) })
  return ended(org, run.id)
}

describe('indexing', () => {
  it('reads a repository, finds its lines, and then reads only what a commit changed', async () => {
    const source = makeRepository(join(folder.path, 'app'), {
      'src/a.ts': 'export const Lighthouse = 1\r\n',
      'src/b.ts': 'import { Lighthouse } from "./a"\nconsole.log(Lighthouse)\n',
      'bin.dat': Buffer.from([1, 0, 2]),
      'large.txt': 'x'.repeat(1_000_001),
    })
    const run = await indexed(first, source)
    expect(run).toMatchObject({ status: 'succeeded', error: null, summary: { files: 3, blobsRead: 3, blobsReused: 0 } })
    expect(await first.call(getRepository, { repository: 'app' })).toMatchObject({
      status: 'ready',
      files: 2,
      latestRun: run.id,
    })
    const { matches, total } = await first.call(searchCode, { q: 'lighthouse' })
    expect(total).toBe(3)
    expect(matches.map(({ path, line, column }) => [path, line, column])).toEqual([
      ['src/a.ts', 1, 14],
      ['src/b.ts', 1, 10],
      ['src/b.ts', 2, 13],
    ])
    expect(matches[0]?.snippet).toBe('export const Lighthouse = 1')
    expect((await first.call(searchCode, { q: 'lighthouse', case: 'sensitive' })).total).toBe(0)

    git(source, 'rm', '-q', 'src/a.ts')
    commitFiles(source, { 'src/c.ts': 'const lighthouse = 2\n' }, 'second')
    const { run: again } = await first.call(reindexRepository, { repository: 'app' })
    expect((await ended(first, again.id)).summary).toMatchObject({ files: 3, blobsRead: 1, blobsReused: 2 })
    const after = await first.call(searchCode, { q: 'lighthouse' })
    expect(after.matches.map(({ path }) => path)).toEqual(['src/c.ts', 'src/b.ts', 'src/b.ts'])
    const { data: logs } = await first.envelope(listRunLogs, { run: again.id })
    expect(logs.map(({ message }) => message).join('\n')).toContain('1 blobs read')
  })

  it('answers the run under way, keeps one repository per name, and takes the same source under another name', async () => {
    const source = join(folder.path, 'app')
    const [one, two] = await Promise.all([
      first.call(addRepository, { source, name: 'twice' }),
      first.call(addRepository, { source, name: 'twice' }),
    ])
    expect([two.repository.id, two.run.id]).toEqual([one.repository.id, one.run.id])
    await ended(first, one.run.id)
    makeRepository(join(folder.path, 'other'), { a: 'a' })
    expect(await first.error(addRepository, { source: join(folder.path, 'other'), name: 'twice' })).toMatchObject({
      code: 'repository_exists',
    })
    expect((await first.call(listRepositories, {})).map(({ name }) => name)).toEqual(['app', 'twice'])
  })

  it('pages through matches without a gap or a repeat', async () => {
    const lines = Array.from({ length: 7 }, (_, i) => `needle ${i}`).join('\n')
    await indexed(first, makeRepository(join(folder.path, 'paged'), { a: lines, b: lines }))
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const { data, meta } = await first.envelope(searchCode, {
        q: 'needle',
        repository: 'paged',
        limit: 3,
        ...(cursor === undefined ? {} : { cursor }),
      })
      expect(data.total).toBe(14)
      seen.push(...data.matches.map(({ path, line }) => `${path}${line}`))
      cursor = meta?.pagination.nextCursor ?? undefined
    } while (cursor !== undefined)
    expect(seen).toEqual(['a', 'b'].flatMap((path) => [1, 2, 3, 4, 5, 6, 7].map((line) => `${path}${line}`)))
    expect(await first.error(searchCode, { q: 'x', cursor: 'AAAA' })).toMatchObject({ code: 'invalid_cursor' })
  })

  it('shows an organisation only its own', async () => {
    await indexed(second, join(folder.path, 'app'))
    const [mine] = await first.call(listRepositories, {})
    expect(await second.error(getRepository, { repository: mine?.id ?? '' })).toMatchObject({ code: 'not_found' })
    expect((await second.call(listRepositories, {})).map(({ name }) => name)).toEqual(['app'])
    expect((await second.call(searchCode, { q: 'needle' })).total).toBe(0)
  })

  it('removes a repository with its shards and mirror', async () => {
    const { repository } = await second
      .call(addRepository, { source: join(folder.path, 'app') })
      .then(async (started) => {
        await ended(second, started.run.id)
        return started
      })
    const files = () => filesBelow(node.dir).filter((path) => path.includes(repository.id))
    expect(files().length).toBeGreaterThan(0)
    await second.call(deleteRepository, { repository: 'app' })
    expect(await second.error(getRepository, { repository: 'app' })).toMatchObject({ code: 'not_found' })
    expect((await second.call(searchCode, { q: 'lighthouse' })).total).toBe(0)
    await waitFor(async () => files().length === 0, 20_000)
    expect((await node.database.query('select from code_blobs where repository_id = $1', [repository.id])).length).toBe(
      0,
    )
  })
})

describe('a source that can not be indexed', () => {
  it('is refused at once, with its code, and leaves nothing', async () => {
    makeRepository(join(folder.path, 'empty'), { a: 'a' })
    git(join(folder.path, 'empty'), 'update-ref', '-d', 'HEAD')
    const before = (await first.call(listRepositories, {})).length
    const cases: readonly (readonly [string, string, string?])[] = [
      [folder.path, 'source_not_a_repository'],
      [join(folder.path, 'empty'), 'repository_empty'],
      [join(folder.path, 'no-such'), 'source_forbidden'],
      ['/etc', 'source_forbidden'],
      ['https://no-such-host.invalid/a/b', 'source_unreachable'],
      ['https://127.0.0.1/a/b', 'source_forbidden'],
      ['https://[::ffff:7f00:1]/a/b', 'source_forbidden'],
      ['ext::sh -c touch% /tmp/x', 'source_invalid'],
      ['ext::sh', 'source_forbidden'],
      [`file://${folder.path}/app`, 'source_forbidden'],
      ['--upload-pack=touch', 'source_invalid'],
      ['git@github.com:a/b', 'source_forbidden'],
      ['http://github.com/a/b', 'source_forbidden'],
      ['https://user:pass@github.com/a/b', 'source_invalid'],
      ['../app', 'source_invalid'],
      [join(folder.path, 'app'), 'ref_not_found', 'no-such-branch'],
    ]
    for (const [source, code, ref] of cases) {
      expect([
        source,
        (await first.error(addRepository, { source, name: 'refused', ...(ref === undefined ? {} : { ref }) })).code,
      ]).toEqual([source, code])
    }
    expect((await first.call(listRepositories, {})).length).toBe(before)
  }, 60_000)
})
