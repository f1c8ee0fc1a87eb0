import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { createBlobCache, createDiskBlobs, type BlobCache, type Blobs } from './index.ts'

const folder = temporaryFolder('blob-cache')
afterAll(() => folder.remove())
let number = 0
let dir: string
let store: string
let fetched: string[]
let blobs: Blobs

beforeEach(() => {
  const place = join(folder.path, `${++number}`)
  dir = join(place, 'cache')
  store = join(place, 'blobs')
  fetched = []
  const disk = createDiskBlobs(store)
  blobs = {
    ...disk,
    get: (key, target) => {
      fetched.push(key)
      return disk.get(key, target)
    },
  }
})

function keep(key: string, size: number): void {
  mkdirSync(join(store, key, '..'), { recursive: true })
  writeFileSync(join(store, key), 'x'.repeat(size))
}

const isHere = (key: string): boolean => existsSync(join(dir, key))
const cacheOf = (maxBytes = 1000): BlobCache => createBlobCache({ blobs, dir, maxBytes })

describe('a cache of blobs', () => {
  it('fetches a blob once, also for several that ask at the same time, and says when there is none', async () => {
    keep('org/repo/a', 10)
    const cache = cacheOf()
    expect(await Promise.all(Array.from({ length: 5 }, () => cache.ensure('org/repo/a')))).toEqual(Array(5).fill(true))
    expect(await cache.ensure('org/repo/a')).toBe(true)
    expect(fetched).toEqual(['org/repo/a'])
    expect(readFileSync(join(dir, 'org/repo/a'), 'utf8')).toBe('x'.repeat(10))
    expect(await cache.ensure('org/repo/none')).toBe(false)
    expect(await cache.list('org/repo')).toEqual(['a'])
    expect([await cache.list(), await cache.list('org'), await cache.list('none')]).toEqual([['org'], ['repo'], []])
  })

  it('keeps within its limit: what was not used for longest goes', async () => {
    for (const name of ['a', 'b', 'c', 'd']) keep(`org/repo/${name}`, 300)
    for (const [i, name] of ['a', 'b', 'c'].entries()) {
      mkdirSync(join(dir, 'org/repo'), { recursive: true })
      writeFileSync(join(dir, 'org/repo', name), 'x'.repeat(300))
      utimesSync(join(dir, 'org/repo', name), 1000 + i, 1000 + i)
    }
    const cache = cacheOf(1000)
    expect(await cache.ensure('org/repo/a')).toBe(true)
    expect(fetched).toEqual([])
    expect(await cache.ensure('org/repo/d')).toBe(true)
    expect(['a', 'b', 'c', 'd'].map((name) => isHere(`org/repo/${name}`))).toEqual([true, false, true, true])
    expect(await cache.ensure('org/repo/b')).toBe(true)
    expect(['a', 'b', 'c', 'd'].map((name) => isHere(`org/repo/${name}`))).toEqual([true, true, false, true])
  })

  it('has a blob that alone is beyond its limit', async () => {
    keep('org/repo/large', 5000)
    keep('org/repo/small', 5)
    const cache = cacheOf(1000)
    await cache.ensure('org/repo/small')
    expect(await cache.ensure('org/repo/large')).toBe(true)
    expect([isHere('org/repo/large'), isHere('org/repo/small')]).toEqual([true, false])
  })

  it('keeps what is in use also beyond its limit, until it is not', async () => {
    for (const name of ['a', 'b', 'c']) keep(`org/repo/${name}`, 600)
    const cache = cacheOf(1000)
    const [first, second] = [cache.hold(['org/repo/a']), cache.hold(['org/repo/a', 'org/repo/b'])]
    for (const name of ['a', 'b']) await cache.ensure(`org/repo/${name}`)
    first()
    expect(['a', 'b'].map((name) => isHere(`org/repo/${name}`))).toEqual([true, true])
    expect([cache.has('org/repo/a'), cache.has('org/repo/c')]).toEqual([true, false])
    second()
    await cache.ensure('org/repo/c')
    expect(['a', 'b', 'c'].map((name) => isHere(`org/repo/${name}`))).toEqual([false, false, true])
    expect(['a', 'b', 'c'].map((name) => cache.has(`org/repo/${name}`))).toEqual([false, false, true])
  })

  it('fetches again what was dropped, and what was removed behind its back', async () => {
    keep('org/repo/a', 10)
    const cache = cacheOf()
    await cache.ensure('org/repo/a')
    await cache.drop('org/repo/a')
    expect(isHere('org/repo/a')).toBe(false)
    expect(await cache.ensure('org/repo/a')).toBe(true)
    rmSync(dir, { recursive: true })
    expect(await cache.ensure('org/repo/a')).toBe(true)
    expect(isHere('org/repo/a')).toBe(true)
    await cache.drop('org/repo/a')
    await cache.drop('org/repo/a')
    expect(fetched.length).toBe(3)
  })

  it('does not count what is gone', async () => {
    for (const name of ['a', 'b']) keep(`org/repo/${name}`, 600)
    const cache = cacheOf(1000)
    await cache.ensure('org/repo/a')
    rmSync(dir, { recursive: true })
    rmSync(join(store, 'org/repo/a'))
    expect(await cache.ensure('org/repo/a')).toBe(false)
    keep('org/repo/c', 300)
    await cache.ensure('org/repo/c')
    await cache.ensure('org/repo/b')
    expect(['b', 'c'].map((name) => isHere(`org/repo/${name}`))).toEqual([true, true])
  })

  it('forgets all of a prefix, and nothing that only begins alike', async () => {
    for (const key of ['org/repo/a', 'org/repo/b', 'org/repo2/a']) keep(key, 400)
    const cache = cacheOf(2000)
    for (const key of ['org/repo/a', 'org/repo/b', 'org/repo2/a']) await cache.ensure(key)
    await cache.dropPrefix('org/repo')
    await cache.dropPrefix('org/repo')
    expect([isHere('org/repo'), isHere('org/repo2/a')]).toEqual([false, true])
    expect(await cache.ensure('org/repo/b')).toBe(true)
    expect(fetched.length).toBe(4)
  })

  it('shares its folder with other processes: what these are fetching stays', async () => {
    for (const key of ['org/repo/a', 'org/other/a']) keep(key, 10)
    const held = Promise.withResolvers<void>()
    const slow = createBlobCache({
      blobs: { ...blobs, get: async (key, target) => (await blobs.get(key, target)) && held.promise.then(() => true) },
      dir,
      maxBytes: 1000,
    })
    const coming = slow.ensure('org/repo/a')
    await vi.waitFor(() => expect(fetched).toEqual(['org/repo/a']))
    expect(await cacheOf().ensure('org/other/a')).toBe(true)
    held.resolve()
    expect(await coming).toBe(true)
    expect(isHere('org/repo/a')).toBe(true)
  })

  it('fetches once more what was dropped while it came, and says that there is none when that happens again', async () => {
    keep('org/repo/a', 10)
    const cacheThatLoses = (times: number): BlobCache => {
      let left = times
      const cache = createBlobCache({
        blobs: {
          ...blobs,
          get: async (key, target) => {
            const got = await blobs.get(key, target)
            if (left-- > 0) await cache.dropPrefix('org/repo')
            return got
          },
        },
        dir,
        maxBytes: 1000,
      })
      return cache
    }
    expect(await cacheThatLoses(1).ensure('org/repo/a')).toBe(true)
    rmSync(dir, { recursive: true })
    expect(await cacheThatLoses(2).ensure('org/repo/a')).toBe(false)
  })

  it('knows after a restart what is there, and removes what was not finished long ago', async () => {
    keep('org/repo/a', 10)
    await cacheOf().ensure('org/repo/a')
    writeFileSync(join(dir, 'org/repo/b.req_1.unfinished'), 'half')
    const again = cacheOf()
    expect(await again.ensure('org/repo/a')).toBe(true)
    expect(fetched).toEqual(['org/repo/a'])
    expect((await again.list('org/repo')).length).toBe(2)
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_700_000 })
    try {
      const later = cacheOf()
      expect(await later.ensure('org/repo/a')).toBe(true)
      expect(await later.list('org/repo')).toEqual(['a'])
    } finally {
      vi.useRealTimers()
    }
  })
})
