import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository, getRepository } from '../../contract/code.ts'
import { listRuns } from '../../contract/runs.ts'
import { createSchedule } from '../../contract/schedules.ts'
import { searchCode } from '../../contract/search.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { endOfRun, indexed, reindexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('incremental')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('incremental')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const find = async (repository: string, q: string): Promise<string[]> =>
  (await org.call(searchCode, { q, repository, limit: 200 })).matches.map(({ path, snippet }) => `${path}: ${snippet}`)

describe('indexing again', () => {
  it('after a rename reads no blob, and finds the file at its new path alone', async () => {
    const source = makeRepository(join(folder.path, 'renamed'), { 'old/a.txt': 'lantern', 'b.txt': 'other' })
    await indexed(org, source)
    git(source, 'mv', 'old', 'new')
    commitFiles(source, {}, 'renamed')
    expect((await reindexed(org, 'renamed')).summary).toMatchObject({ blobsRead: 0, blobsReused: 2, files: 2 })
    expect(await find('renamed', 'lantern')).toEqual(['new/a.txt: lantern'])
  })

  it('of the same commit reads nothing, and changes nothing', async () => {
    const source = makeRepository(join(folder.path, 'same'), { a: 'lantern' })
    await indexed(org, source)
    expect((await reindexed(org, 'same')).summary).toMatchObject({ blobsRead: 0, blobsReused: 1 })
    expect(await find('same', 'lantern')).toEqual(['a: lantern'])
  })

  it('after history was rewritten finds the new one', async () => {
    const source = makeRepository(join(folder.path, 'forced'), { a: 'lantern one', b: 'lantern kept' })
    commitFiles(source, { c: 'lantern gone' }, 'second')
    await indexed(org, source)
    git(source, 'reset', '-q', '--hard', 'HEAD~1')
    commitFiles(source, { a: 'lantern two' }, 'another second')
    expect((await reindexed(org, 'forced')).summary).toMatchObject({ blobsRead: 1, blobsReused: 1 })
    expect(await find('forced', 'lantern')).toEqual(['a: lantern two', 'b: lantern kept'])
  })

  it('after all files were removed but one that can not be searched finds nothing', async () => {
    const source = makeRepository(join(folder.path, 'emptied'), { a: 'lantern', 'b.bin': 'a\0b' })
    await indexed(org, source)
    git(source, 'rm', '-q', 'a')
    commitFiles(source, {}, 'emptied')
    expect((await reindexed(org, 'emptied')).status).toBe('succeeded')
    expect(await find('emptied', 'lantern')).toEqual([])
    commitFiles(source, { a: 'lantern' }, 'back again')
    await reindexed(org, 'emptied')
    expect(await find('emptied', 'lantern')).toEqual(['a: lantern'])
  })

  it('with another ref turns to it; a ref that is gone fails, and what was indexed can still be searched', async () => {
    const source = makeRepository(join(folder.path, 'branches'), { a: 'lantern of main', same: 'lantern' })
    git(source, 'checkout', '-q', '-b', 'side')
    commitFiles(source, { a: 'lantern of side' }, 'side')
    git(source, 'checkout', '-q', 'main')
    const id = await indexed(org, source)
    expect(await find('branches', 'lantern of')).toEqual(['a: lantern of main'])
    expect(await indexed(org, source, { ref: 'side' })).toBe(id)
    expect(await find('branches', 'lantern of')).toEqual(['a: lantern of side'])
    const before = await org.call(getRepository, { repository: id })
    git(source, 'branch', '-q', '-D', 'side')
    const run = await reindexed(org, 'branches')
    expect(run).toMatchObject({ status: 'failed', error: { code: 'ref_not_found' } })
    expect(await org.call(getRepository, { repository: id })).toMatchObject({
      status: 'ready',
      indexedCommit: before.indexedCommit,
    })
    expect(await find('branches', 'lantern')).toEqual(['a: lantern of side', 'same: lantern'])
    expect(await indexed(org, source, { ref: 'main' })).toBe(id)
    expect(await find('branches', 'lantern of')).toEqual(['a: lantern of main'])
  })

  it('many times leaves few shards, and finds every file of each commit', async () => {
    const source = makeRepository(join(folder.path, 'often'), { 'f00.txt': 'lantern 0', 'turning.txt': 'lantern at 0' })
    const id = await indexed(org, source)
    const expected = ['f00.txt: lantern 0']
    const counts: number[] = []
    for (let round = 1; round <= 16; round++) {
      const name = `f${String(round).padStart(2, '0')}.txt`
      commitFiles(source, { [name]: `lantern ${round}`, 'turning.txt': `lantern at ${round}` }, `round ${round}`)
      expect((await reindexed(org, 'often')).status).toBe('succeeded')
      expected.push(`${name}: lantern ${round}`)
      expect(await find('often', 'lantern')).toEqual([...expected, `turning.txt: lantern at ${round}`])
      const rows = await node.database.query('select from code_shards where repository_id = $1', [id])
      counts.push(rows.length)
    }
    expect(Math.max(...counts)).toBeLessThanOrEqual(13)
    expect(Math.min(...counts.slice(10))).toBeLessThanOrEqual(2)
    const orphans = await node.database.query(
      `select from code_blobs b where repository_id = $1
       and not exists (select from code_shards s where s.org_id = b.org_id and s.repository_id = b.repository_id and s.id = b.shard_id)`,
      [id],
    )
    expect(orphans.length).toBe(0)
    const files = readdirSync(join(node.dir, 'blobs'), { recursive: true }).filter((path) =>
      String(path).includes(`${id}/`),
    )
    expect(files.length).toBeLessThanOrEqual((counts.at(-1) ?? 0) + 2)
  }, 60_000)
})

describe('a schedule', () => {
  it('indexes the new commit of a repository when it is due', async () => {
    const source = makeRepository(join(folder.path, 'nightly'), { a: 'lantern before' })
    await indexed(org, source)
    const input = { repository: 'nightly' }
    const { id } = await org.call(createSchedule, {
      name: 'nightly',
      pipeline: 'git/code/index',
      input,
      cron: '0 4 * * *',
    })
    commitFiles(source, { a: 'lantern behind' }, 'second')
    await node.database.query(`update schedules set next_at = now() - interval '1 minute' where id = $1`, [id])
    await node.engine.startDue()
    const [run] = (await org.call(listRuns, { limit: 100 })).filter(({ schedule }) => schedule === id)
    expect((await endOfRun(org, run?.id ?? '')).status).toBe('succeeded')
    expect(await find('nightly', 'lantern')).toEqual(['a: lantern behind'])
  })

  it('of a repository that is not there is refused, or notes it', async () => {
    const input = { repository: 'no-such' }
    const refused = await org
      .call(createSchedule, { name: 'none', pipeline: 'git/code/index', input, cron: '0 4 * * *' })
      .then(async ({ id }) => {
        await node.database.query(`update schedules set next_at = now() - interval '1 minute' where id = $1`, [id])
        await node.engine.startDue()
        const [row] = await node.database.query('select last_error from schedules where id = $1', [id])
        return JSON.stringify(row)
      }, String)
    expect(refused).toContain('not_found')
    expect((await org.error(addRepository, { source: join(folder.path, 'no-such') })).code).toBe('source_forbidden')
  })
})
