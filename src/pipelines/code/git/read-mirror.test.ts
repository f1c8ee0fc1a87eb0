import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync, chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { commitFiles, git as run, makeRepository } from '../../../../test/support/git-repository.ts'
import { works } from '../../../../test/support/processes.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { parseSource } from '../source.ts'
import { prepareGit } from './git.ts'
import {
  clearLeftovers,
  holdMirror,
  mirrorsOf,
  purgeMirror,
  removeMirror,
  sizeOf,
  trimMirrors,
} from './mirror-cache.ts'
import { ensureCommit, type MirrorRequest } from './mirror.ts'
import { probeSource } from './probe.ts'
import { readingBlobs, readTree } from './read-mirror.ts'

const folder = temporaryFolder('mirrors')
afterAll(() => folder.remove())
const mirrors = join(folder.path, 'mirrors')
const git = prepareGit({ dir: join(folder.path, 'git'), path: process.env['PATH'] ?? '', allowHosts: [] })
const rules = { gitBaseUrl: 'https://github.com', localRepos: [folder.path] }
let made = 0
const fresh = (files: Record<string, string | Buffer>) => makeRepository(join(folder.path, `source-${made++}`), files)

async function request(path: string, name: string, org = 'org_1'): Promise<MirrorRequest> {
  const source = parseSource(path, rules)
  return { mirror: join(mirrors, org, `repo_${name}.git`), source, target: await probeSource(git, source, {}) }
}
const packsOf = (mirror: string) => {
  const packs = join(mirror, 'objects', 'pack')
  return readdirSync(packs)
    .filter((name) => name.endsWith('.pack'))
    .map((name) => join(packs, name))
}
/** Changes a byte in the middle of each pack. */
function damage(mirror: string): void {
  for (const pack of packsOf(mirror)) {
    const bytes = readFileSync(pack)
    const middle = bytes.length >> 1
    bytes[middle] = (bytes[middle] ?? 0) ^ 0xff
    chmodSync(pack, 0o600)
    writeFileSync(pack, bytes)
  }
}
async function shasOf(asked: MirrorRequest): Promise<string[]> {
  return (await readTree(git, asked)).files.map(({ sha }) => sha)
}
const files = () =>
  Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`f${n}`, randomBytes(20_000).toString('hex')]))

describe('a mirror that is damaged', () => {
  it('is fetched anew in the middle of a reading, which gives every blob once', async () => {
    const asked = await request(fresh(files()), 'damaged')
    const shas = await shasOf(asked)
    const first = readFileSync(packsOf(asked.mirror)[0] ?? '')
    damage(asked.mirror)
    const read = await Array.fromAsync(readingBlobs(git, asked, shas))
    expect(read.map(({ sha }) => sha)).toEqual(shas)
    expect(readFileSync(packsOf(asked.mirror)[0] ?? '').equals(first)).toBe(true)
  })

  it('is mended once when several read it at the same time', async () => {
    const asked = await request(fresh(files()), 'shared')
    const shas = await shasOf(asked)
    damage(asked.mirror)
    const all = await Promise.all([0, 1, 2].map(() => Array.fromAsync(readingBlobs(git, asked, shas))))
    expect(all.map((blobs) => blobs.length)).toEqual([30, 30, 30])
  })

  it('gives its tree too when packs are gone', async () => {
    const asked = await request(fresh({ 'a.txt': 'a' }), 'gone')
    await ensureCommit(git, asked)
    rmSync(join(asked.mirror, 'objects'), { recursive: true })
    mkdirSync(join(asked.mirror, 'objects'))
    expect((await readTree(git, asked)).files).toHaveLength(1)
    for (const pack of packsOf(asked.mirror)) rmSync(pack)
    expect((await readTree(git, asked)).files).toHaveLength(1)
  })

  it('of a source that is damaged itself is said to be so', async () => {
    const path = fresh({ 'a.txt': 'a', 'b.txt': 'b' })
    const sha = run(path, 'rev-parse', 'HEAD:a.txt').trim()
    const file = join(path, '.git/objects', sha.slice(0, 2), sha.slice(2))
    chmodSync(file, 0o600)
    writeFileSync(file, 'no object')
    const asked = await request(path, 'source')
    await expect(ensureCommit(git, asked)).rejects.toMatchObject({ code: 'source_damaged', retryable: false })
    rmSync(file)
    await expect(ensureCommit(git, asked)).rejects.toMatchObject({ code: 'source_damaged' })
    const well = await request(fresh({ 'a.txt': 'c' }), 'well')
    await expect(Array.fromAsync(readingBlobs(git, well, [sha]))).rejects.toMatchObject({ code: 'source_damaged' })
  })
})

describe('on a disk that is too small', () => {
  const canMount = works(['unshare', '-rm', 'sh', '-c', 'mount -t tmpfs tmpfs /tmp'])
  const script = fileURLToPath(new URL('../../../../test/support/fetch-process.ts', import.meta.url))

  it.skipIf(!canMount)('a fetch says so, leaves nothing, and is well when there is space', () => {
    const path = fresh({ 'large.bin': randomBytes(3_000_000) })
    const disk = join(folder.path, 'disk')
    mkdirSync(disk)
    const fetch = `'${process.execPath}' '${script}' '${path}' '${disk}'`
    const mount = `mount -t tmpfs -o size=2m tmpfs '${disk}'`
    const grow = `mount -o remount,size=20m '${disk}'`
    const command = `${mount}; ${fetch}; find '${disk}' -name 'tmp_*' | wc -l; ${grow}; ${fetch}`
    const said = execFileSync('unshare', ['-rm', 'sh', '-c', command], { encoding: 'utf8', env: process.env })
    expect(said.split(/\s+/).slice(0, 3)).toEqual(['disk_full', '0', 'fetched'])
  })
})

describe('the mirrors of a node', () => {
  it('are listed by organisation and repository', async () => {
    await ensureCommit(git, await request(fresh({ a: 'a' }), 'listed', 'org_listed'))
    mkdirSync(join(mirrors, 'org_listed', 'repo_x.git.1-2.removed'))
    expect((await mirrorsOf(mirrors)).filter(({ org }) => org === 'org_listed')).toEqual([
      { org: 'org_listed', repository: 'repo_listed', path: join(mirrors, 'org_listed', 'repo_listed.git') },
    ])
    expect(await mirrorsOf(join(folder.path, 'none'))).toEqual([])
  })

  it('are trimmed to their limit, those used longest ago first, never one that is in use', async () => {
    const dir = join(folder.path, 'trimmed')
    const paths = []
    for (const [n, name] of ['oldest', 'held', 'newer', 'newest'].entries()) {
      const asked = {
        ...(await request(fresh({ a: randomBytes(300_000) }), name)),
        mirror: join(dir, 'org_1', `repo_${name}.git`),
      }
      await ensureCommit(git, asked)
      utimesSync(asked.mirror, n, n)
      paths.push(asked.mirror)
    }
    const [oldest = '', held = '', newer = '', newest = ''] = paths
    const all = await sizeOf(dir)
    expect(await trimMirrors(dir, all)).toBe(all)
    const release = holdMirror(held)
    utimesSync(held, 0, 0)
    expect(await trimMirrors(dir, all - 400_000)).toBeLessThan(all - 400_000)
    expect([oldest, held, newer, newest].map((path) => existsSync(path))).toEqual([false, true, false, true])
    release()
    utimesSync(held, 0, 0)
    await trimMirrors(dir, 400_000)
    expect([held, newest].map((path) => existsSync(path))).toEqual([false, true])
  })

  it('lose what crashes left', async () => {
    const asked = await request(fresh({ a: 'a' }), 'crashed', 'org_crashed')
    await ensureCommit(git, asked)
    const grave = `${asked.mirror}.1-2.removed`
    mkdirSync(join(grave, 'objects'), { recursive: true })
    const [stale, recent] = ['tmp_pack_old', 'tmp_pack_new'].map((name) => join(asked.mirror, 'objects/pack', name))
    for (const path of [stale ?? '', recent ?? '']) writeFileSync(path, 'x')
    utimesSync(stale ?? '', 0, 0)
    await clearLeftovers(mirrors)
    expect([grave, stale ?? '', recent ?? '', asked.mirror].map((path) => existsSync(path))).toEqual([
      false,
      false,
      true,
      true,
    ])
    await removeMirror(asked.mirror)
    expect(existsSync(asked.mirror)).toBe(false)
  })

  it('say when one of them can not be removed, and what was left of it before goes with it', async () => {
    const asked = await request(fresh({ a: 'a' }), 'purged', 'org_purged')
    await ensureCommit(git, asked)
    mkdirSync(`${asked.mirror}.1-2.removed`)
    mkdirSync(join(mirrors, 'org_purged', 'repo_purged2.git'))
    expect(await purgeMirror(asked.mirror)).toBe(true)
    expect(readdirSync(join(mirrors, 'org_purged'))).toEqual(['repo_purged2.git'])
    expect(await purgeMirror(asked.mirror)).toBe(true)
    expect(await purgeMirror(join(mirrors, 'org_none', 'repo_none.git'))).toBe(true)
    writeFileSync(`${asked.mirror}.lock`, '')
    expect(await purgeMirror(asked.mirror)).toBe(false)
    writeFileSync(join(mirrors, 'no-folder'), '')
    await expect(removeMirror(join(mirrors, 'no-folder', 'x.git'))).rejects.toThrow('ENOTDIR')
  })

  it('do not grow for ever', async () => {
    const path = fresh({ a: 'a' })
    const packs: number[] = []
    for (let n = 0; n < 25; n++) {
      commitFiles(path, { a: String(n) }, `next ${n}`)
      const asked = await request(path, 'growing')
      await ensureCommit(git, asked)
      packs.push(packsOf(asked.mirror).length)
    }
    expect([Math.max(...packs), packs.at(-1)]).toEqual([21, 4])
  })
})
