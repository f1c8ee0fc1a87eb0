import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
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
