import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { commitFiles, git as run, makeRepository } from '../../../../test/support/git-repository.ts'
import { PINNED_HOST, startGitServer, type GitServer } from '../../../../test/support/git-server.ts'
import { works } from '../../../../test/support/processes.ts'
import { filesWith, temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { parseSource } from '../source.ts'
import { accessTo } from './access.ts'
import type { FetchLimits } from './fetch.ts'
import { prepareGit, runGit, type Credential, type Git } from './git.ts'
import { sizeOf, temporaryFiles } from './mirror-cache.ts'
import { ensureCommit } from './mirror.ts'
import { probeSource } from './probe.ts'
import { readTree } from './read-mirror.ts'

const folder = temporaryFolder('fetch')
const credential = { username: 'reader', token: 'tk_9f1c_of-a-test' }
const rules = { gitBaseUrl: 'https://github.com', localRepos: [] }
let server: GitServer
let other: GitServer
let git: Git
let source: string
let made = 0
let mirror: string

beforeAll(async () => {
  const root = join(folder.path, 'served')
  source = makeRepository(join(root, 'team', 'app'), { 'a.ts': 'const beacon = 1\n' })
  makeRepository(join(root, 'large'), { 'large.bin': randomBytes(6_000_000) })
  for (const name of ['tls', 'other']) mkdirSync(join(folder.path, name))
  server = await startGitServer(root, join(folder.path, 'tls'), { credential })
  other = await startGitServer(root, join(folder.path, 'other'))
  git = prepareGit({
    dir: join(folder.path, 'git'),
    path: process.env['PATH'] ?? '',
    allowHosts: [`localhost:${server.port}`, `localhost:${other.port}`],
    caFile: server.caFile,
  })
})
beforeEach(() => {
  mirror = join(folder.path, 'mirrors', 'org_1', `repo_${made++}.git`)
})
afterAll(async () => {
  await server.close()
  await other.close()
  folder.remove()
})

const at = (path: string) => parseSource(`${server.url}${path}`, rules)
const probe = (path: string, given?: Credential | null) => probeSource(git, at(path), { credential: given ?? null })
const large = { ref: 'refs/heads/main', commit: '' }
function fetchLarge(mode: string, limits: FetchLimits = {}, signal?: AbortSignal): Promise<void> {
  const target = { ...large, commit: run(join(folder.path, 'served', 'large'), 'rev-parse', 'HEAD').trim() }
  return ensureCommit(git, { mirror, source: at(`${mode}/large/.git`), target, limits, signal })
}

// The certificate of the test server is made by openssl; where there is none, these are reported as skipped.
describe.skipIf(!works(['openssl', 'version']))('a source over https', () => {
  it('that wants a token gives it all for the right one alone, and says denied otherwise', async () => {
    expect(await probe('/private/team/app/.git', credential)).toMatchObject({ ref: 'refs/heads/main' })
    for (const wrong of [null, { ...credential, token: 'wrong' }, { ...credential, username: 'wrong' }])
      await expect(probe('/private/team/app/.git', wrong)).rejects.toMatchObject({ code: 'source_denied' })
    await expect(probe('/forbidden/team/app/.git', credential)).rejects.toMatchObject({ code: 'source_denied' })
    const target = await probe('/private/team/app/.git', credential)
    const request = { mirror, source: at('/private/team/app/.git'), target }
    await expect(ensureCommit(git, request)).rejects.toMatchObject({ code: 'source_denied' })
    expect((await readTree(git, { ...request, credential })).files.map(({ path }) => path)).toEqual(['a.ts'])
    expect(filesWith(mirror, credential.token)).toEqual([])
  })

  it('gets no token that it did not ask for, and no other host does', async () => {
    const before = server.authorized.length
    await probe('/team/app/.git', credential)
    expect(server.authorized.length).toBe(before)
    const { address, ...access } = await accessTo(git, at('/private/team/app/.git'), credential)
    expect(address).not.toContain(credential.token)
    const elsewhere = `${other.url}/private/team/app/.git`
    const config = [...(access.config ?? []), `http.sslCAInfo=${other.caFile}`]
    const { code } = await runGit(git, ['ls-remote', '--', elsewhere], { ...access, config })
    expect(code).not.toBe(0)
    expect(other.requests.length).toBeGreaterThan(0)
    expect(other.authorized).toEqual([])
  })

  it('is not followed to another address, to the metadata of a cloud, or to plain http', async () => {
    for (const mode of ['redirect', 'redirect-metadata', 'redirect-http'])
      await expect(probe(`/${mode}/team/app/.git`, credential)).rejects.toMatchObject({
        code: 'source_forbidden',
        details: { reason: 'redirect' },
      })
    await expect(fetchLarge('/redirect-pack')).rejects.toMatchObject({ code: 'source_forbidden' })
  })

  it('is what its answers say, whatever words are in its address', async () => {
    await expect(probe('/team/redirect-ssl-timed-out')).rejects.toMatchObject({ code: 'source_not_a_repository' })
    await expect(probe('/broken/team/app')).rejects.toMatchObject({ code: 'source_unreachable' })
  })

  it('is reached at the address that was checked, whatever the name stands for by then', async () => {
    const asked: string[] = []
    const lookup = async (host: string) => {
      asked.push(host)
      // A second question would get another answer.
      return [{ address: asked.length === 1 ? '127.0.0.1' : '192.0.2.1', family: 4 }]
    }
    const allowing = { ...git, allowHosts: [PINNED_HOST] }
    const pinned = parseSource(`https://${PINNED_HOST}:${server.port}/team/app/.git`, rules)
    const { address, ...access } = await accessTo(allowing, pinned, null, lookup)
    const env = { http_proxy: 'http://127.0.0.1:9', https_proxy: 'http://127.0.0.1:9', ALL_PROXY: 'http://127.0.0.1:9' }
    expect((await runGit(git, ['ls-remote', '--', address], { ...access, env })).code).toBe(0)
    expect(asked).toEqual([PINNED_HOST])
    expect((await runGit(git, ['ls-remote', '--', address], { protocol: 'https', env: {} })).code).not.toBe(0)
  })
})

describe.skipIf(!works(['openssl', 'version']))('a fetch', () => {
  it('that grows beyond its limit is stopped, and its mirror removed', async () => {
    const began = performance.now()
    await expect(fetchLarge('/slow', { maxBytes: 500_000 })).rejects.toMatchObject({
      code: 'repository_too_large',
      details: { limitBytes: 500_000 },
    })
    expect(performance.now() - began).toBeLessThan(4_000)
    expect(existsSync(mirror)).toBe(false)
  })

  it('that comes in whole before it is looked at is measured all the same', async () => {
    await expect(fetchLarge('', { maxBytes: 500_000 })).rejects.toMatchObject({ code: 'repository_too_large' })
    expect(existsSync(mirror)).toBe(false)
    await fetchLarge('', { maxBytes: 12_000_000 })
  })

  it('from a server that hangs ends at its time limit, and leaves nothing', async () => {
    await expect(fetchLarge('/hang', { timeoutMs: 800 })).rejects.toMatchObject({ code: 'timeout' })
    expect(await temporaryFiles(join(mirror, 'objects'))).toEqual([])
    expect(await sizeOf(join(mirror, 'objects'))).toBe(0)
    await expect(fetchLarge('/hang', {}, AbortSignal.timeout(300))).rejects.toMatchObject({ code: 'timeout' })
    expect(await sizeOf(join(mirror, 'objects'))).toBe(0)
  })

  it('that is cut off says unreachable, which may pass, and leaves nothing', async () => {
    const error = await fetchLarge('/cut').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'source_unreachable', retryable: true })
    expect(await sizeOf(join(mirror, 'objects'))).toBe(0)
  })

  it('of something that is no pack fails, and the next one is well', async () => {
    await expect(fetchLarge('/garbage')).rejects.toMatchObject({ code: 'source_unreachable' })
    expect(await sizeOf(join(mirror, 'objects'))).toBe(0)
    await fetchLarge('')
    expect(await sizeOf(join(mirror, 'objects'))).toBeGreaterThan(6_000_000)
  })

  it('to a mirror that older commits have filled begins anew', async () => {
    const limits = { maxBytes: 3_000_000 }
    const path = join(folder.path, 'served', 'growing')
    makeRepository(path, { 'a.bin': randomBytes(1_400_000) })
    const next = async () => {
      const request = { mirror, source: at('/growing/.git'), target: await probe('/growing/.git'), limits }
      await ensureCommit(git, request)
    }
    await next()
    commitFiles(path, { 'a.bin': randomBytes(1_500_000) }, 'second')
    await next()
    commitFiles(path, { 'a.bin': randomBytes(1_500_000) }, 'third')
    await next()
    expect(await sizeOf(join(mirror, 'objects'))).toBeLessThan(2_000_000)
  })

  it('does not wait for ever for a lock whose holder was killed', async () => {
    const target = await probe('/team/app/.git')
    const request = { mirror, source: at('/team/app/.git'), target }
    await ensureCommit(git, request)
    commitFiles(source, { 'b.ts': 'const beacon = 2\n' }, 'second')
    writeFileSync(join(mirror, 'shallow.lock'), '')
    await ensureCommit(git, { ...request, target: await probe('/team/app/.git') })
    expect(existsSync(join(mirror, 'shallow.lock'))).toBe(false)
  })
})
