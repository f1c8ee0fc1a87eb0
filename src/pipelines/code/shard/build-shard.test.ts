import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { works } from '../../../../test/support/processes.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { buildShard } from './build-shard.ts'
import { loadIndex, ShardIndex } from './read-shard.ts'

const folder = temporaryFolder('build-shard')
afterAll(() => folder.remove())

async function* blobs(count: number, size: number, each: (i: number) => void = () => {}) {
  for (let i = 0; i < count; i++) {
    each(i)
    yield { sha: `s${i}`, content: Buffer.alloc(size, 97 + (i % 20)) }
  }
}

describe('building a shard', () => {
  it('takes what comes in many batches, and answers what became of each blob in their order', async () => {
    const file = join(folder.path, 'whole')
    const built = await buildShard({ file, blobs: blobs(100, 50_000) })
    expect(built.blobs.map(({ sha, doc }) => [sha, doc])).toEqual(Array.from({ length: 100 }, (_, i) => [`s${i}`, i]))
    const index = new ShardIndex('whole', loadIndex(file, { key: 'whole', checksum: built.checksum }))
    expect(index.docs).toBe(100)
    expect(readdirSync(folder.path)).toEqual(['whole'])
  })

  it('is begun anew over what a crash has left', async () => {
    const file = join(folder.path, 'again')
    writeFileSync(`${file}.unfinished`, 'half of it')
    const built = await buildShard({ file, blobs: blobs(1, 10) })
    expect(built.blobs.length).toBe(1)
    expect(existsSync(`${file}.unfinished`)).toBe(false)
  })

  it('leaves nothing when its input fails, or when it is cancelled', async () => {
    const before = readdirSync(folder.path)
    const failing = blobs(10, 600_000, (i) => {
      if (i === 5) throw new Error('source is gone')
    })
    await expect(buildShard({ file: join(folder.path, 'broken'), blobs: failing })).rejects.toThrow('source is gone')
    const cancel = new AbortController()
    const cancelled = blobs(10, 600_000, (i) => {
      if (i === 5) cancel.abort(new Error('cancelled here'))
    })
    const { signal } = cancel
    await expect(buildShard({ file: join(folder.path, 'stopped'), blobs: cancelled, signal })).rejects.toThrow(
      /cancelled here|aborted/,
    )
    expect(readdirSync(folder.path)).toEqual(before)
  })
})

describe('a full disk', () => {
  const mount = ['/usr/bin/unshare', '-rm', 'true']

  it.skipIf(!works(mount))('ends building with its code, and leaves nothing', () => {
    const full = join(folder.path, 'full')
    const module = (name: string): string => JSON.stringify(fileURLToPath(new URL(name, import.meta.url)))
    const script = `
      const { buildShard } = await import(${module('./build-shard.ts')})
      const { orDiskFull } = await import(${module('../disk-full.ts')})
      const { readdirSync } = await import('node:fs')
      async function* blobs() {
        for (let i = 0; i < 8; i++) yield { sha: String(i), content: Buffer.alloc(600_000, 97) }
      }
      const error = await buildShard({ file: ${JSON.stringify(join(full, 'shard'))}, blobs: blobs() }).catch((error) => error)
      console.log(JSON.stringify({ code: orDiskFull(error).code, left: readdirSync(${JSON.stringify(full)}) }))
    `
    writeFileSync(join(folder.path, 'build.mjs'), script)
    const shell = `mkdir -p "$1" && mount -t tmpfs -o size=1m tmpfs "$1" && exec "$2" "$3"`
    const args = ['-rm', 'sh', '-c', shell, 'sh', full, process.execPath, join(folder.path, 'build.mjs')]
    const told = execFileSync('/usr/bin/unshare', args, { encoding: 'utf8' })
    expect(JSON.parse(told)).toEqual({ code: 'disk_full', left: [] })
  })
})
