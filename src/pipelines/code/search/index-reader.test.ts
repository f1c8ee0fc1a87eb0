import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { indexFiles } from '../../../../test/support/search-index.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { createDiskBlobs } from '../../../platform/blobs/index.ts'
import { createIndexReader, type IndexReader, type Readable } from './index-reader.ts'

const folder = temporaryFolder('index-reader')
const store = join(folder.path, 'blobs')
const { signal } = new AbortController()
const readables: Readable[] = Array.from({ length: 12 }, (_, i) => {
  const id = `org/repo${i}`
  const files = Object.fromEntries(Array.from({ length: 5 }, (__, n) => [`f${n}.ts`, `needle ${i} ${n}`]))
  const { snapshot } = indexFiles(store, { id, files, blobsPerShard: 2 })
  return { id: `repo${i}`, name: `repo${i}`, snapshot }
})
let number = 0
let dir: string
let readers: IndexReader[]
beforeEach(() => {
  dir = join(folder.path, `index${++number}`)
  readers = []
})
afterEach(async () => {
  await Promise.all(readers.map((reader) => reader.close()))
})
afterAll(() => folder.remove())

function open(maxMemoryBytes = 2 ** 20, maxDiskBytes = 2 ** 30): IndexReader {
  const reader = createIndexReader({ blobs: createDiskBlobs(store), dir, maxDiskBytes, maxMemoryBytes })
  readers.push(reader)
  return reader
}

async function find(reader: IndexReader, scopes: readonly Readable[], text = 'needle'): Promise<number> {
  const query = { text, mode: 'literal' as const, caseSensitive: false }
  return (await reader.search('org', scopes, { query, from: null, limit: 10 }, signal)).total
}

describe('a reader of indexes', () => {
  it('searches many at once and shows their files', async () => {
    const reader = open()
    expect(await find(reader, readables)).toBe(60)
    expect(await find(reader, [])).toBe(0)
    const [first] = readables
    if (first === undefined) throw new Error('there is none')
    expect(await reader.file('org', first, 'f3.ts', signal)).toMatchObject({ text: 'needle 0 3' })
    expect(await reader.file('org', first, 'none', signal)).toBe(null)
    expect((await reader.repositories()).length).toBe(12)
  })

  it('answers every search also when there is less memory and disk than they need together', async () => {
    const reader = open(1, 1)
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, i) => find(reader, readables.slice(i % 7, (i % 7) + (i % 5) + 1)).catch(String)),
    )
    expect(answers).toEqual(Array.from({ length: 60 }, (_, i) => ((i % 5) + 1) * 5))
    // What went for lack of space is fetched again.
    for (const scope of readables) expect(await find(reader, [scope])).toBe(5)
    expect(await find(reader, readables)).toBe(60)
  })

  it('answers searches while parts are dropped', async () => {
    const reader = open()
    const keys = readables.map(({ snapshot }) => snapshot.key)
    const answers = []
    for (let round = 0; round < 20; round++) {
      answers.push(find(reader, readables).catch(String), find(reader, readables.slice(0, 3)).catch(String))
      await Promise.all(keys.map((key) => reader.drop(key)))
    }
    const known = new Set((await Promise.all(answers)).map((answer) => (typeof answer === 'number' ? 'found' : answer)))
    for (const answer of known) expect(answer).toMatch(/found|unavailable|damaged/)
    expect(await find(reader, readables)).toBe(60)
  })

  it('names the part that is gone, and finds it when it is there again', async () => {
    const reader = open()
    const [one] = readables
    if (one === undefined) throw new Error('there is none')
    const away = join(folder.path, 'away')
    renameSync(join(store, one.snapshot.key), away)
    await expect(find(reader, readables)).rejects.toMatchObject({ key: one.snapshot.key, name: 'DamagedError' })
    renameSync(away, join(store, one.snapshot.key))
    expect(await find(reader, readables)).toBe(60)
  })

  it('keeps nothing of a repository that was dropped', async () => {
    const reader = open()
    await find(reader, readables)
    await reader.dropRepository('org', 'repo1')
    expect(existsSync(join(dir, 'org/repo1'))).toBe(false)
    expect(existsSync(join(dir, 'org/repo10'))).toBe(true)
    expect((await reader.repositories()).length).toBe(11)
    expect(await find(reader, readables)).toBe(60)
  })

  it('heals a copy that is damaged once it was dropped', async () => {
    await find(open(), readables)
    const [one] = readables
    const copy = join(dir, one?.snapshot.key ?? '')
    rmSync(copy)
    mkdirSync(dirname(copy), { recursive: true })
    writeFileSync(copy, 'something else')
    const reader = open()
    await expect(find(reader, readables)).rejects.toMatchObject({ key: one?.snapshot.key })
    await reader.drop(one?.snapshot.key ?? '')
    expect(await find(reader, readables)).toBe(60)
  })
})
