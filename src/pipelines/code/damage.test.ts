import {
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { deleteRepository } from '../../contract/code.ts'
import { listRuns } from '../../contract/runs.ts'
import { getFile, searchCode } from '../../contract/search.ts'
import { newId } from '../../kernel/ids.ts'
import { filesBelow } from '../../../test/support/files-below.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { indexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const folder = temporaryFolder('damage')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  // Nothing stays in memory that the next search does not need.
  node = await startTestNode({ localRepos: [folder.path], index: { maxMemoryBytes: 1 } })
  org = await node.onboard('damage')
  await indexed(org, makeRepository(join(folder.path, 'well'), { a: 'lantern is well' }))
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

let number = 0
async function fresh(): Promise<{ id: string; name: string }> {
  const name = `r${++number}`
  const lines = Array.from({ length: 400 }, (_, i) => `line ${i} of ${name}`).join('\n')
  const source = makeRepository(join(folder.path, name), { 'a.txt': `lantern of ${name}\n${lines}`, 'b.txt': 'other' })
  return { id: await indexed(org, source), name }
}

/** Files of a repository below the folder of the node. */
function filesOf(id: string, where = ''): string[] {
  return filesBelow(node.dir).filter((path) => path.includes(id) && path.startsWith(join(node.dir, where)))
}
const isSnapshot = (path: string): boolean => path.endsWith('.snapshot')

function flip(path: string, at: number): void {
  const [byte = 0] = readFileSync(path).subarray(at, at + 1)
  const fd = openSync(path, 'r+')
  writeSync(fd, Buffer.from([byte ^ 0x10]), 0, 1, at)
  closeSync(fd)
}

const search = () => org.call(searchCode, { q: 'lantern', limit: 200 })
const other = () => org.call(searchCode, { q: 'well', repository: 'well' })
const copies = ['blobs', 'index']
const DAMAGES: readonly (readonly [string, (files: readonly string[]) => void])[] = [
  ['a shard is cut', (files) => files.filter((path) => !isSnapshot(path)).forEach((path) => truncateSync(path, 20))],
  [
    'a byte of a text is another',
    (files) =>
      files
        .filter((path) => !isSnapshot(path))
        .slice(0, 1)
        .forEach((path) => flip(path, 3)),
  ],
  [
    'a byte of the index of a shard is another',
    (files) =>
      files
        .filter((path) => !isSnapshot(path))
        .slice(0, 1)
        .forEach((path) => flip(path, statSync(path).size - 40)),
  ],
  ['a shard is gone', (files) => files.filter((path) => !isSnapshot(path)).forEach((path) => rmSync(path))],
  ['a snapshot is cut', (files) => files.filter(isSnapshot).forEach((path) => truncateSync(path, 20))],
  [
    'a byte of a snapshot is another',
    (files) =>
      files
        .filter(isSnapshot)
        .slice(0, 1)
        .forEach((path) => flip(path, 30)),
  ],
  ['a snapshot is gone', (files) => files.filter(isSnapshot).forEach((path) => rmSync(path))],
  ['everything is gone', (files) => files.forEach((path) => rmSync(path))],
]

describe('a repository', () => {
  it.each(DAMAGES)('of which %s is named, and is built again; others are found', async (_, damage) => {
    const { id, name } = await fresh()
    await other()
    damage(copies.flatMap((where) => filesOf(id, where)))
    const { matches, unsearched } = await search()
    expect(unsearched).toEqual([name])
    expect(matches.map(({ repository }) => repository)).not.toContain(name)
    expect(matches.map(({ repository }) => repository)).toContain('well')
    await waitFor(async () => (await search()).unsearched.length === 0, 20_000)
    const after = await search()
    expect(after.matches.filter(({ repository }) => repository === name).map(({ snippet }) => snippet)).toEqual([
      `lantern of ${name}`,
    ])
    expect((await org.call(getFile, { repository: name, path: 'b.txt' })).text).toBe('other')
  })

  it('of which the copy on this node is gone or damaged is found by fetching it again', async () => {
    const { id, name } = await fresh()
    await search()
    await other()
    for (const path of filesOf(id, 'index')) rmSync(path)
    expect((await org.call(searchCode, { q: 'lantern', repository: name })).total).toBe(1)
    await other()
    for (const path of filesOf(id, 'index')) {
      rmSync(path)
      writeFileSync(path, 'something else')
    }
    expect(await org.call(searchCode, { q: 'lantern', repository: name })).toMatchObject({ total: 1, unsearched: [] })
    rmSync(join(node.dir, 'index'), { recursive: true })
    expect(await search()).toMatchObject({ unsearched: [] })
  })

  it('of which a byte of a text is another in the copy on this node alone is found by fetching it again', async () => {
    const { id, name } = await fresh()
    await search()
    for (const path of filesOf(id, 'index').filter((one) => !isSnapshot(one))) {
      const bytes = readFileSync(path)
      bytes[3] = (bytes[3] ?? 0) ^ 0x10
      // The blob itself has another name for the same file.
      rmSync(path)
      writeFileSync(path, bytes)
    }
    await other()
    expect(await search()).toMatchObject({ unsearched: [] })
    expect((await org.call(searchCode, { q: 'lantern', repository: name })).total).toBe(1)
  })

  it('that is marked is built again when it is due, and named until then', async () => {
    const { id, name } = await fresh()
    const mark = 'update repositories set rebuild = true, snapshot_key = null where id = $1'
    await node.database.query(mark, [id])
    expect((await search()).unsearched).toEqual([name])
    await node.database.query("update repositories set rebuild_after = now() + interval '1 hour' where id = $1", [id])
    await node.code.startRebuilds(node.database.db)
    expect((await org.call(listRuns, { limit: 1 }))[0]?.endedAt).not.toBe(null)
    await node.database.query('update repositories set rebuild_after = null where id = $1', [id])
    await node.code.startRebuilds(node.database.db)
    await waitFor(async () => (await search()).unsearched.length === 0, 20_000)
    expect((await org.call(searchCode, { q: 'lantern', repository: name })).total).toBe(1)
    const marks = await node.database.query('select from repositories where rebuild or rebuild_after is not null')
    expect(marks.length).toBe(0)
  })

  it('that is damaged shows no file but says why, and shows it when it was built again', async () => {
    const { id, name } = await fresh()
    await other()
    for (const path of copies.flatMap((where) => filesOf(id, where))) rmSync(path)
    expect((await org.error(getFile, { repository: name, path: 'b.txt' })).code).toBe('index_incomplete')
    await waitFor(
      () =>
        org.call(getFile, { repository: name, path: 'b.txt' }).then(
          ({ text }) => text === 'other',
          () => false,
        ),
      20_000,
    )
  })

  it('beside several that are damaged at once is found', async () => {
    const damaged = [await fresh(), await fresh(), await fresh(), await fresh(), await fresh()]
    await other()
    for (const { id } of damaged)
      for (const path of copies.flatMap((where) => filesOf(id, where))) if (!isSnapshot(path)) rmSync(path)
    const { matches, unsearched } = await search()
    expect(unsearched.toSorted()).toEqual(damaged.map(({ name }) => name).toSorted())
    expect(matches.map(({ repository }) => repository)).toContain('well')
    await waitFor(async () => (await search()).unsearched.length === 0, 25_000)
  }, 60_000)
})

describe('searches at once', () => {
  it('that together need more than may be held in memory are all answered', async () => {
    const { name } = await fresh()
    const answers = await Promise.all(
      Array.from({ length: 30 }, (_, i) =>
        org
          .call(searchCode, { q: 'lantern', repository: i % 2 === 0 ? 'well' : name })
          .then(({ total }) => total, String),
      ),
    )
    expect(answers).toEqual(Array(30).fill(1))
  })
})

describe('what a node keeps', () => {
  it('of a repository goes with it', async () => {
    const { id, name } = await fresh()
    await search()
    expect(filesOf(id, 'index').length).toBeGreaterThan(0)
    expect(filesOf(id, 'blobs').length).toBe(2)
    await org.call(deleteRepository, { repository: name })
    await waitFor(async () => filesOf(id).length === 0, 20_000)
    for (const table of ['code_shards', 'code_blobs', 'code_files'])
      expect([table, await node.database.query(`select from ${table} where repository_id = $1`, [id])]).toEqual([
        table,
        [],
      ])
    expect((await search()).matches.map(({ repository }) => repository)).not.toContain(name)
  })

  it('of repositories that were deleted elsewhere is swept, and nothing else', async () => {
    const { id } = await fresh()
    await search()
    const kept = filesOf(id).length
    const [gone, orgGone] = [newId('repo'), newId('org')]
    const orgId = readdirSync(join(node.dir, 'index')).find((name) => name.startsWith('org_')) ?? ''
    const fakes = [
      join(node.dir, 'index', orgId, gone),
      join(node.dir, 'index', orgGone, gone),
      join(node.dir, 'mirrors', orgId, `${gone}.git`),
      join(node.dir, 'mirrors', orgGone, `${gone}.git`),
      join(node.dir, 'blobs', orgId, gone),
      join(node.dir, 'blobs', orgGone, gone),
    ]
    const foreign = join(node.dir, 'index', 'lost+found', 'x')
    for (const fake of [...fakes, foreign]) {
      mkdirSync(fake, { recursive: true })
      writeFileSync(join(fake, 'x'), 'x')
    }
    await node.code.sweepCaches(new AbortController().signal)
    expect(fakes.map((fake) => existsSync(fake))).toEqual(fakes.map(() => false))
    expect(existsSync(foreign)).toBe(true)
    expect(filesOf(id).length).toBe(kept)
    expect((await other()).total).toBe(1)
  })
})
