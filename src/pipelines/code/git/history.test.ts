import { existsSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commitFiles, git as run, gitWithInput, makeRepository } from '../../../../test/support/git-repository.ts'
import { startGitServer, type GitServer } from '../../../../test/support/git-server.ts'
import { works } from '../../../../test/support/processes.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { parseSource } from '../source.ts'
import { prepareGit, runGit, type Git } from './git.ts'
import { recentChanges } from './history.ts'
import { probeSource } from './probe.ts'
import { readingBlobs, readTree } from './read-mirror.ts'

const folder = temporaryFolder('history')
const served = join(folder.path, 'served')
const rules = { gitBaseUrl: 'https://github.com', localRepos: [folder.path] }
const https = works(['openssl', 'version'])
let server: GitServer
let git: Git
beforeAll(async () => {
  mkdirSync(join(folder.path, 'tls'))
  mkdirSync(served)
  if (https) server = await startGitServer(served, join(folder.path, 'tls'))
  git = prepareGit({
    dir: join(folder.path, 'git'),
    path: process.env['PATH'] ?? '',
    allowHosts: https ? [`localhost:${server.port}`] : [],
    caFile: https ? server.caFile : undefined,
  })
})
afterAll(async () => {
  if (https) await server.close()
  folder.remove()
})

const mirrorFor = (name: string) => join(folder.path, 'mirrors', `${name}.git`)
async function request(name: string, address: string) {
  const source = parseSource(address, rules)
  return { mirror: mirrorFor(name), source, target: await probeSource(git, source, {}) }
}

describe('the newest changes', () => {
  it('name the newest commit of each file, without the commits whose parents are not known', async () => {
    const path = makeRepository(join(served, 'app'), { 'old.txt': '0', 'a.txt': '0', 'b.txt': '0' })
    commitFiles(path, { 'a.txt': '1' }, 'second')
    const second = run(path, 'rev-parse', 'HEAD').trim()
    commitFiles(path, { 'b.txt': '1' }, 'third')
    const few = await recentChanges(git, await request('few', path))
    expect([...few.keys()].toSorted()).toEqual(['a.txt', 'b.txt', 'old.txt'])
    expect(few.get('a.txt')?.commit).toBe(second)
    expect(few.get('a.txt')?.at.toISOString()).toBe(
      new Date(run(path, 'log', '-1', '--format=%cI', second).trim()).toISOString(),
    )
    for (let n = 0; n < 60; n++) commitFiles(path, { 'c.txt': String(n), [`n${n}.txt`]: 'x' }, `more ${n}`)
    const many = await recentChanges(git, await request('many', path))
    expect(many.get('c.txt')?.commit).toBe(run(path, 'rev-parse', 'HEAD').trim())
    expect([...many.keys()].toSorted()).toEqual(
      ['c.txt', ...Array.from({ length: 50 }, (_, n) => `n${n + 10}.txt`)].toSorted(),
    )
    // The same again, and one commit later, in the mirror that is there by now.
    expect([...(await recentChanges(git, await request('few', path)))]).toEqual([...many])
    commitFiles(path, { 'a.txt': '2', 'e\nf.txt': '1' }, 'last')
    const later = await recentChanges(git, await request('few', path))
    expect(later.get('a.txt')?.commit).toBe(run(path, 'rev-parse', 'HEAD').trim())
    expect(later.has('e\nf.txt')).toBe(true)
    expect([later.size, later.has('n10.txt'), later.has('n11.txt')]).toEqual([52, false, true])
  })

  it.each([['99999999999999'], ['253402300800'], ['9999999999999999999']])(
    'are not known of a commit from a time that is none: %s',
    async (seconds) => {
      const path = makeRepository(join(served, `at-${seconds}`), { 'a.txt': '0', 'b.txt': '0' })
      commitFiles(path, { 'b.txt': '1' }, 'second')
      commitFiles(path, { 'a.txt': '1' }, 'third')
      const text = run(path, 'cat-file', 'commit', 'HEAD').replace(/^(committer .*> )\d+/m, `$1${seconds}`)
      const commit = gitWithInput(
        path,
        Buffer.from(text),
        'hash-object',
        '-t',
        'commit',
        '--literally',
        '-w',
        '--stdin',
      )
      run(path, 'update-ref', 'refs/heads/main', commit.trim())
      const changes = await recentChanges(git, await request(`at-${seconds}`, path))
      expect([...changes.keys()]).toEqual(['b.txt'])
    },
  )

  it('count a merge as what it brought in', async () => {
    const path = makeRepository(join(served, 'merged'), { 'a.txt': '0' })
    run(path, 'checkout', '-q', '-b', 'side')
    commitFiles(path, { 'side.txt': '1' }, 'on the side')
    run(path, 'checkout', '-q', 'main')
    commitFiles(path, { 'a.txt': '1' }, 'on main')
    run(path, 'merge', '-q', '--no-ff', '-m', 'merge', 'side')
    const changes = await recentChanges(git, await request('merged', path))
    expect(changes.get('side.txt')?.commit).toBe(run(path, 'rev-parse', 'HEAD').trim())
  })

  it('leave the mirror whole: blobs are all there, and one that is lost is missed', async () => {
    const path = makeRepository(join(served, 'whole'), { 'a.txt': 'one', 'b.txt': 'two' })
    commitFiles(path, { 'a.txt': 'one more' }, 'second')
    for (const round of [1, 2]) {
      const asked = await request('whole', path)
      const { files } = await readTree(git, asked)
      expect((await recentChanges(git, asked)).size).toBe(2)
      const blobs = await Array.fromAsync(
        readingBlobs(
          git,
          asked,
          files.map(({ sha }) => sha),
        ),
      )
      expect(blobs).toHaveLength(2)
      const config = await runGit(git, ['config', '--list', '--file', join(asked.mirror, 'config')])
      expect(config.stdout.toString()).not.toMatch(/promisor|partial/)
      expect(
        (await runGit(git, ['cat-file', '--batch-all-objects', '--batch-check'], { cwd: asked.mirror })).code,
      ).toBe(0)
      commitFiles(path, { 'b.txt': `round ${round}` }, 'next')
    }
  })

  it.skipIf(!https)('come over https, also from a server that leaves nothing out', async () => {
    const path = makeRepository(join(served, 'remote'), { 'a.txt': '0' })
    commitFiles(path, { 'b.txt': '1' }, 'second')
    const address = `${server.url}/remote/.git`
    expect([...(await recentChanges(git, await request('remote', address))).keys()]).toEqual(['b.txt', 'a.txt'])
    const history = join(mirrorFor('remote'), 'history.git')
    const { stdout } = await runGit(git, ['cat-file', '--batch-all-objects', '--batch-check'], { cwd: history })
    expect(stdout.toString()).not.toContain('blob')
    run(path, 'config', 'uploadpack.allowFilter', 'false')
    expect([...(await recentChanges(git, await request('plain', address))).keys()]).toEqual(['b.txt', 'a.txt'])
  })

  it('are none when the source does not give them, and that is no failure', async () => {
    const path = makeRepository(join(served, 'lost'), { 'a.txt': '0' })
    const asked = await request('lost', path)
    const unknown = { ...asked, target: { ref: '1'.repeat(40), commit: '1'.repeat(40) } }
    expect((await recentChanges(git, unknown)).size).toBe(0)
    expect(existsSync(join(asked.mirror, 'history.git'))).toBe(false)
    expect((await recentChanges(git, { ...asked, signal: AbortSignal.abort() })).size).toBe(0)
  })

  it.skipIf(!https)('are none from a server that hangs', async () => {
    makeRepository(join(served, 'hanging'), { 'a.txt': '0' })
    const asked = await request('hanging', `${server.url}/hanging/.git`)
    const source = parseSource(`${server.url}/hang/hanging/.git`, rules)
    expect((await recentChanges(git, { ...asked, source, signal: AbortSignal.timeout(500) })).size).toBe(0)
  })
})
