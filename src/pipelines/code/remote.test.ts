import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository, reindexRepository } from '../../contract/code.ts'
import { searchCode } from '../../contract/search.ts'
import { getRun, isEnded, type Run } from '../../contract/runs.ts'
import { commitFiles, git, makeRepository } from '../../../test/support/git-repository.ts'
import { startGitServer, type GitServer } from '../../../test/support/git-server.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { works } from '../../../test/support/processes.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const folder = temporaryFolder('remote')
let server: GitServer
let node: TestNode
let org: TestOrg
let source: string
beforeAll(async () => {
  const root = join(folder.path, 'served')
  source = makeRepository(join(root, 'team', 'app'), { 'a.ts': 'const beacon = 1\n' })
  git(source, 'tag', 'v1')
  mkdirSync(join(folder.path, 'tls'))
  server = await startGitServer(root, join(folder.path, 'tls'))
  const host = server.url.replace('https://', '')
  node = await startTestNode({ allowHosts: [host], caFile: server.caFile })
  org = await node.onboard('remote')
})
afterAll(async () => {
  await node.close()
  await server.close()
  folder.remove()
})

async function ended(run: string): Promise<Run> {
  await waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)
  return org.call(getRun, { run })
}

// The certificate of the test server is made by openssl; where there is none, these are reported as skipped.
describe.skipIf(!works(['openssl', 'version']))('a repository over https', () => {
  it('is fetched at its address, indexed, and followed', async () => {
    const { repository, run } = await org.call(addRepository, { source: `${server.url}/team/app/.git` })
    expect(await ended(run.id)).toMatchObject({ status: 'succeeded', summary: { files: 1 } })
    expect((await org.call(searchCode, { q: 'BEACON' })).total).toBe(1)
    commitFiles(source, { 'b.ts': 'const beacon = 2\n' }, 'second')
    const again = await org.call(reindexRepository, { repository: repository.name })
    expect((await ended(again.run.id)).summary).toMatchObject({ files: 2, blobsRead: 1, blobsReused: 1 })
  })

  it('is read at a tag when asked', async () => {
    const { run } = await org.call(addRepository, { source: `${server.url}/team/app/.git`, ref: 'v1', name: 'tagged' })
    expect((await ended(run.id)).summary).toMatchObject({ files: 1 })
  })

  it('is not followed to another address, nor asked for with a password', async () => {
    expect(await org.error(addRepository, { source: `${server.url}/redirect/team/app/.git`, name: 'r' })).toMatchObject(
      { code: 'source_forbidden' },
    )
    expect(await org.error(addRepository, { source: `${server.url}/private/app`, name: 'p' })).toMatchObject({
      code: 'source_denied',
    })
    expect(await org.error(addRepository, { source: `${server.url}/team/none`, name: 'n' })).toMatchObject({
      code: 'source_not_a_repository',
    })
  })

  it('on a host that an operator has not allowed is refused, whatever name leads there', async () => {
    const before = server.requests.length
    const { port } = new URL(server.url)
    for (const host of ['127.0.0.1', '0x7f.1', '2130706433', '[::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]']) {
      expect([
        host,
        (await org.error(addRepository, { source: `https://${host}:${port}/team/app/.git`, name: 'x' })).code,
      ]).toEqual([host, 'source_forbidden'])
    }
    expect(server.requests.length).toBe(before)
  })

  it('whose address hides a command runs nothing', async () => {
    const canary = join(folder.path, 'canary')
    for (const text of [
      `ext::sh -c touch% ${canary}`,
      `--upload-pack=touch ${canary}`,
      `https://localhost/a --upload-pack=touch ${canary}`,
      `https://localhost/a\n--upload-pack=touch ${canary}`,
    ]) {
      expect((await org.error(addRepository, { source: text, name: 'x' })).code).toBe('source_invalid')
    }
    expect(
      (
        await org.error(addRepository, {
          source: `${server.url}/team/app/.git`,
          ref: `--upload-pack=touch ${canary}`,
          name: 'x',
        })
      ).code,
    ).toBe('ref_not_found')
    expect(existsSync(canary)).toBe(false)
    writeFileSync(canary, '')
    expect(existsSync(canary)).toBe(true)
  })
})
