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

describe('a blob', () => {
  it('is taken whole, for its owner alone, and nothing unfinished is left', async () => {
    const given = file('content')
    await blobs.put('org/repo/a', given)
    const path = blobs.path('org/repo/a')
    expect(path === null ? null : readFileSync(path, 'utf8')).toBe('content')
    expect(statSync(path ?? '').mode & 0o777).toBe(0o600)
    expect(statSync(join(dir, 'org/repo')).mode & 0o777).toBe(0o700)
    expect(existsSync(given)).toBe(false)
    expect(readdirSync(join(dir, 'org/repo'))).toEqual(['a'])
  })

  it('is listed when it is finished, and gone after it was deleted, however often', async () => {
    await blobs.put('org/other/a', file('a'))
    await blobs.put('org/other/b', file('b'))
    writeFileSync(join(dir, 'org/other/c.x.unfinished'), '')
    expect((await blobs.list('org/other')).toSorted()).toEqual(['org/other/a', 'org/other/b'])
    await blobs.delete('org/other/a')
    await blobs.delete('org/other/a')
    expect(blobs.path('org/other/a')).toBe(null)
    await blobs.deletePrefix('org/other')
    await blobs.deletePrefix('org/other')
    expect(await blobs.list('org/other')).toEqual([])
    expect(blobs.path('org/repo/a')).not.toBe(null)
  })

  it('has a key that can not lead out of the folder', async () => {
    mkdirSync(join(folder.path, 'outside'), { recursive: true })
    for (const key of ['', '/', '..', '../outside', 'a/../b', 'a//b', '/etc/passwd', 'a\\..\\b', 'a/.', 'a/\0', 'a/']) {
      expect(() => blobs.path(key)).toThrow('not the key')
      await expect((async () => blobs.deletePrefix(key))()).rejects.toThrow('not the key')
      await expect((async () => blobs.put(key, file('x')))()).rejects.toThrow('not the key')
    }
    expect(existsSync(join(folder.path, 'outside'))).toBe(true)
  })
})
