import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { createDiskBlobs } from './index.ts'

const folder = temporaryFolder('blobs')
afterAll(() => folder.remove())
const dir = join(folder.path, 'blobs')
const blobs = createDiskBlobs(dir)

function file(content: string): string {
  const path = join(folder.path, `file-${Math.random()}`)
  writeFileSync(path, content, { mode: 0o644 })
  return path
}

const get = async (key: string): Promise<string | null> => {
  const target = join(folder.path, `got-${Math.random()}`)
  return (await blobs.get(key, target)) ? readFileSync(target, 'utf8') : null
}

describe('a blob', () => {
  it('is taken whole, for its owner alone, and nothing unfinished is left', async () => {
    const given = file('content')
    await blobs.put('org/repo/a', given)
    expect(await get('org/repo/a')).toBe('content')
    expect(statSync(join(dir, 'org/repo/a')).mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'org/repo')).mode & 0o777).toBe(0o700)
    expect(existsSync(given)).toBe(false)
    expect(readdirSync(join(dir, 'org/repo'))).toEqual(['a'])
  })

  it('stays where it was got also after it was deleted or another was put in its place', async () => {
    await blobs.put('org/got/a', file('first'))
    const target = join(folder.path, 'kept')
    expect(await blobs.get('org/got/a', target)).toBe(true)
    await blobs.put('org/got/a', file('second'))
    expect([readFileSync(target, 'utf8'), await get('org/got/a')]).toEqual(['first', 'second'])
    await blobs.delete('org/got/a')
    expect(readFileSync(target, 'utf8')).toBe('first')
    expect(await blobs.get('org/got/a', join(folder.path, 'none'))).toBe(false)
    expect(existsSync(join(folder.path, 'none'))).toBe(false)
  })

  it('is listed when it is finished, and gone after it was deleted, however often', async () => {
    await blobs.put('org/other/a', file('a'))
    await blobs.put('org/other/b', file('b'))
    writeFileSync(join(dir, 'org/other/c.x.unfinished'), '')
    expect((await blobs.list('org/other')).toSorted()).toEqual(['org/other/a', 'org/other/b'])
    await blobs.delete('org/other/a')
    await blobs.delete('org/other/a')
    expect(await get('org/other/a')).toBe(null)
    await blobs.deletePrefix('org/other')
    await blobs.deletePrefix('org/other')
    expect(await blobs.list('org/other')).toEqual([])
    expect(await get('org/repo/a')).toBe('content')
  })

  it('that could not be put leaves nothing', async () => {
    mkdirSync(join(dir, 'org/failed/a'), { recursive: true })
    await expect(blobs.put('org/failed/a', file('x'))).rejects.toThrow('EISDIR')
    expect(readdirSync(join(dir, 'org/failed'))).toEqual(['a'])
  })

  it('that a kill left unfinished is seen, and goes an hour later', async () => {
    await blobs.put('org/killed/a', file('a'))
    writeFileSync(join(dir, 'org/killed/b.req_1.unfinished'), 'half')
    await blobs.delete('org/killed/a')
    expect([await blobs.list('org/killed'), await blobs.isEmpty('org/killed')]).toEqual([[], false])
    await blobs.sweepUnfinished('org/killed')
    expect(await blobs.isEmpty('org/killed')).toBe(false)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_700_000 })
    await blobs.sweepUnfinished('org/killed').finally(() => vi.useRealTimers())
    expect([await blobs.isEmpty('org/killed'), await blobs.isEmpty('org/none')]).toEqual([true, true])
    expect(await blobs.list()).toEqual(['org'])
  })

  it('that is there is not said to be gone when it has nowhere to go', async () => {
    await blobs.put('org/there/a', file('a'))
    await expect(blobs.get('org/there/a', join(folder.path, 'no-folder', 'x'))).rejects.toThrow('ENOENT')
    expect(await blobs.get('org/there/b', join(folder.path, 'no-folder', 'x'))).toBe(false)
  })

  it('has a key that can not lead out of the folder', async () => {
    mkdirSync(join(folder.path, 'outside'), { recursive: true })
    for (const key of ['', '/', '..', '../outside', 'a/../b', 'a//b', '/etc/passwd', 'a\\..\\b', 'a/.', 'a/\0', 'a/']) {
      await expect(get(key)).rejects.toThrow('not the key')
      await expect((async () => blobs.deletePrefix(key))()).rejects.toThrow('not the key')
      await expect((async () => blobs.put(key, file('x')))()).rejects.toThrow('not the key')
    }
    expect(existsSync(join(folder.path, 'outside'))).toBe(true)
  })
})
