import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commitFiles, makeRepository } from '../../../test/support/git-repository.ts'
import { startGitServer, type GitServer } from '../../../test/support/git-server.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { works } from '../../../test/support/processes.ts'
import { filesWith, temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { listAudit } from '../../contract/audit.ts'
import { addRepository, deleteRepository, getRepository, reindexRepository } from '../../contract/code.ts'
import { getRun, isEnded, type Run } from '../../contract/runs.ts'
import { searchCode } from '../../contract/search.ts'
import type { Log } from '../../kernel/ctx.ts'

const folder = temporaryFolder('private')
const token = `tk_${randomBytes(12).toString('hex')}`
const lines: string[] = []
const argumentsFile = join(folder.path, 'arguments')
let server: GitServer
let node: TestNode
let keyless: TestNode
let org: TestOrg
let source: string

const keep = (fields: object, message: string): void => {
  lines.push(`${inspect(fields, { depth: 12 })} ${message}`)
}
const log: Log = { debug: keep, info: keep, warn: keep, error: keep, child: () => log }

/** A git that writes down what it was called with. */
function recordingGit(): string {
  const bin = join(folder.path, 'bin')
  mkdirSync(bin)
  const path = process.env['PATH'] ?? ''
  writeFileSync(join(bin, 'git'), `#!/bin/sh\nprintf '%s\n' "$*" >> ${argumentsFile}\nPATH='${path}' exec git "$@"\n`)
  chmodSync(join(bin, 'git'), 0o755)
  return `${bin}:${path}`
}

beforeAll(async () => {
  const root = join(folder.path, 'served')
  source = makeRepository(join(root, 'team', 'app'), { 'a.ts': 'const beacon = 1\n' })
  makeRepository(join(root, 'team', 'large'), { 'large.bin': randomBytes(900_000) })
  mkdirSync(join(folder.path, 'tls'))
  const credential = { username: 'x-access-token', token }
  server = await startGitServer(root, join(folder.path, 'tls'), { credential })
  const parts = { allowHosts: [`localhost:${server.port}`], caFile: server.caFile, localRepos: [folder.path], log }
  node = await startTestNode({ ...parts, path: recordingGit() })
  keyless = await startTestNode({ ...parts, masterKey: null })
  org = await node.onboard('private')
})
afterAll(async () => {
  await node.close()
  await keyless.close()
  await server.close()
  folder.remove()
})

const address = () => `${server.url}/private/team/app/.git`
async function ended(run: Run): Promise<Run> {
  await waitFor(async () => isEnded((await org.call(getRun, { run: run.id })).status), 20_000)
  return org.call(getRun, { run: run.id })
}

/** All that every table holds, also as the bytes of a column would show it. */
async function everyRow(of: TestNode): Promise<string> {
  const tables = await of.database.query<{ name: string }>(
    `select format('%I.%I', table_schema, table_name) as name from information_schema.tables
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`,
  )
  const rows = await Promise.all(tables.map(({ name }) => of.database.query(`select t::text as row from ${name} t`)))
  expect(tables.map(({ name }) => name)).toContain('public.repository_credentials')
  return JSON.stringify(rows)
}

// The certificate of the test server is made by openssl; where there is none, these are reported as skipped.
describe.skipIf(!works(['openssl', 'version']))('a private repository', () => {
  it('is denied without its token or with another one', async () => {
    for (const wrong of [{}, { token: 'wrong-token' }, { token, username: 'somebody' }])
      expect((await org.error(addRepository, { source: address(), ...wrong })).code).toBe('source_denied')
    expect((await org.error(addRepository, { source: `${server.url}/forbidden/app`, token })).code).toBe(
      'source_denied',
    )
  })

  it('is indexed with its token, and from then on without giving it again', async () => {
    const { repository, run } = await org.call(addRepository, { source: address(), token })
    expect(repository.hasToken).toBe(true)
    expect(await ended(run)).toMatchObject({ status: 'succeeded', summary: { files: 1 } })
    expect((await org.call(searchCode, { q: 'BEACON' })).total).toBe(1)
    commitFiles(source, { 'b.ts': 'const beacon = 2\n' }, 'second')
    const again = await org.call(reindexRepository, { repository: repository.name })
    expect(await ended(again.run)).toMatchObject({ status: 'succeeded', summary: { files: 2 } })
    commitFiles(source, { 'c.ts': 'const beacon = 3\n' }, 'third')
    const third = await org.call(addRepository, { source: address() })
    expect(third.repository).toMatchObject({ id: repository.id, hasToken: true })
    expect(await ended(third.run)).toMatchObject({ status: 'succeeded', summary: { files: 3 } })
  })

  it('keeps the token that works when another is refused, and the new one when it works', async () => {
    expect((await org.error(addRepository, { source: address(), token: 'wrong-token' })).code).toBe('source_denied')
    expect((await ended((await org.call(addRepository, { source: address() })).run)).status).toBe('succeeded')
    expect((await ended((await org.call(addRepository, { source: address(), token })).run)).status).toBe('succeeded')
    // The same source under another name has no token.
    expect((await org.error(addRepository, { source: address(), name: 'other' })).code).toBe('source_denied')
  })

  it('has no token for another organisation', async () => {
    const stranger = await node.onboard('stranger')
    expect((await stranger.error(addRepository, { source: address() })).code).toBe('source_denied')
  })

  it('that is public by now can forget its token, and a deleted one has none', async () => {
    const open = { source: `${server.url}/team/app/.git`, name: 'open' }
    const first = await org.call(addRepository, { ...open, token })
    expect((await org.call(getRepository, { repository: 'open' })).hasToken).toBe(true)
    await ended(first.run)
    const second = await org.call(addRepository, { ...open, token: null })
    expect(second.repository.hasToken).toBe(false)
    expect((await ended(second.run)).status).toBe('succeeded')
    await ended((await org.call(addRepository, { ...open, token })).run)
    await org.call(deleteRepository, { repository: 'open' })
    const rows = await node.database.query('select from repository_credentials where repository_id = $1', [
      first.repository.id,
    ])
    expect(rows).toEqual([])
    const [entry] = (await org.envelope(listAudit, { action: 'repositories.add', outcome: 'done', limit: 1 })).data
    expect(entry?.details).toMatchObject({ access: 'kept' })
  })

  it('takes a token only where one can be sent', async () => {
    expect(await org.error(addRepository, { source, token, name: 'local' })).toMatchObject({
      code: 'source_invalid',
      details: { reason: 'token' },
    })
    expect((await org.error(addRepository, { source: address(), username: 'x' })).code).toBe('source_invalid')
    for (const wrong of [
      { token: '' },
      { token: 'a b' },
      { token: 'a\nb' },
      { token: 'ä' },
      { token: 'x'.repeat(4097) },
      { token, username: 'a:b' },
      { token, username: 'a\nb' },
    ])
      expect((await org.error(addRepository, { source: address(), ...wrong })).code).toBe('validation_failed')
  })

  it('is refused by a server that has no master key, which does all else', async () => {
    const other = await keyless.onboard('keyless')
    expect((await other.error(addRepository, { source: address(), token })).code).toBe('master_key_missing')
    const { repository } = await other.call(addRepository, { source: `${server.url}/team/app/.git` })
    expect(repository.hasToken).toBe(false)
  })

  it('has its token nowhere: not in a row, a log, a file, an answer or the arguments of a process', async () => {
    const seen = new Set<string>()
    const large = `${server.url}/private/slow/team/large/.git`
    const { run } = await org.call(addRepository, { source: large, token, name: 'large' })
    const looking = setInterval(() => commandLines().forEach((line) => seen.add(line)), 15)
    const status = await ended(run).finally(() => clearInterval(looking))
    expect(status).toMatchObject({ status: 'succeeded' })
    const called = readFileSync(argumentsFile, 'utf8')
    expect(called).toContain('fetch --quiet')
    expect(called).toContain('credential.https://localhost:')
    const processes = [...seen].join('\n')
    expect(processes.includes('git-remote-https') || !existsSync('/proc/self/cmdline')).toBe(true)
    const sent = Buffer.from(`x-access-token:${token}`).toString('base64')
    const rows = await everyRow(node)
    const answers = JSON.stringify([
      await org.call(getRepository, { repository: 'large' }),
      await org.call(getRun, { run: run.id }),
      await org.error(addRepository, { source: large, token: `${token}x` }),
    ])
    for (const text of [token, sent, Buffer.from(token).toString('hex')])
      for (const [what, held] of Object.entries({ rows, answers, called, processes, log: lines.join('\n') }))
        expect([what, held.includes(text)]).toEqual([what, false])
    expect([...filesWith(node.dir, token), ...filesWith(node.dir, sent)]).toEqual([])
    expect(lines.length).toBeGreaterThan(10)
  })
})

/** Of every git that runs, with its helpers; none where the system does not show them. */
function commandLines(): string[] {
  if (!existsSync('/proc/self/cmdline')) return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        return [readFileSync(join('/proc', pid, 'cmdline'), 'utf8').replaceAll('\0', ' ')]
      } catch {
        return []
      }
    })
    .filter((line) => line.includes('git'))
}
