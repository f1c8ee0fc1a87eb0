import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository } from '../../contract/code.ts'
import { addRepositoryToProject, createProject } from '../../contract/projects.ts'
import { listRunLogs } from '../../contract/runs.ts'
import { searchCode } from '../../contract/search.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { endOfRun, indexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('search-code')
let node: TestNode
let org: TestOrg
let other: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('search')
  other = await node.onboard('other')
  const app = makeRepository(join(folder.path, 'app'), {
    'src/a.ts': 'export function openGate() {}\n',
    'src/a.test.ts': 'openGate()\n',
    'src/b.py': 'def open_gate(): return openGate\n',
    'docs/gate.md': 'The openGate of \u00dcbersee \u{1f600} \u4e2d\u6587\n',
  })
  const lib = makeRepository(join(folder.path, 'lib'), { 'lib.ts': 'reopenGate(); openGate()\n' })
  await Promise.all([indexed(org, app), indexed(org, lib), indexed(other, lib)])
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

type Filter = Omit<Parameters<typeof org.call<typeof searchCode>>[1], 'q'>
const find = async (q: string, more: Filter = {}): Promise<string[]> =>
  (await org.call(searchCode, { q, ...more })).matches.map(({ repository, path }) => `${repository}/${path}`)
const refusal = async (input: Filter & { q?: string }) => {
  const { code, details } = await org.error(searchCode, { q: 'openGate', ...input })
  return [code, ...((details?.['issues'] ?? []) as { path: string }[]).map(({ path }) => path)]
}

describe('a search of code', () => {
  it('has definitions first, then sources of all repositories, then tests', async () => {
    const { matches, total, truncated, unsearched } = await org.call(searchCode, { q: 'OPENGATE' })
    expect(matches.map(({ repository, path }) => `${repository}/${path}`)).toEqual([
      'app/src/a.ts',
      'app/docs/gate.md',
      'app/src/b.py',
      'app/src/a.test.ts',
      'lib/lib.ts',
    ])
    expect([total, truncated, unsearched]).toEqual([5, false, []])
  })

  it('can be narrowed by everything at once', async () => {
    expect(await find('openGate', { repository: 'lib' })).toEqual(['lib/lib.ts'])
    expect(await find('openGate', { language: 'python' })).toEqual(['app/src/b.py'])
    expect(await find('openGate', { path: 'docs/' })).toEqual(['app/docs/gate.md'])
    expect(await find('openGate', { path: '!*.ts' })).toEqual(['app/docs/gate.md', 'app/src/b.py'])
    expect(await find('opengate', { case: 'sensitive' })).toEqual([])
    expect(await find('^def \\w+\\(', { mode: 'regex' })).toEqual(['app/src/b.py'])
    expect(await find('OPENGATE\\(\\)$', { mode: 'regex', path: 'src/**' })).toEqual(['app/src/a.test.ts'])
    expect(await find('OPENGATE', { mode: 'regex', case: 'sensitive' })).toEqual([])
    expect(
      await find('gate', { repository: 'app', language: 'typescript', path: 'src/*', case: 'insensitive' }),
    ).toEqual(['app/src/a.ts', 'app/src/a.test.ts'])
  })

  it('can be narrowed to a project', async () => {
    await org.call(createProject, { name: 'empty' })
    await org.call(createProject, { name: 'libraries' })
    await org.call(addRepositoryToProject, { project: 'libraries', repository: 'lib' })
    expect(await find('openGate', { project: 'libraries' })).toEqual(['lib/lib.ts'])
    expect(await find('openGate', { project: 'libraries', repository: 'lib' })).toEqual(['lib/lib.ts'])
    expect(await find('openGate', { project: 'libraries', repository: 'app' })).toEqual([])
    expect(await find('openGate', { project: 'empty' })).toEqual([])
    expect(await refusal({ project: 'none' })).toEqual(['not_found'])
    expect(await refusal({ repository: 'none' })).toEqual(['not_found'])
  })

  it('finds characters of every size, and gives their place', async () => {
    for (const q of ['\u00fcbersee', '\u{1f600}', '\u4e2d\u6587', '\u{1f600} \u4e2d', '\u4e2d'])
      expect([q, await find(q)]).toEqual([q, ['app/docs/gate.md']])
    const { matches } = await org.call(searchCode, { q: '\u4e2d\u6587' })
    expect(matches[0]).toMatchObject({ column: 28, ranges: [{ start: 27, end: 29 }] })
    expect(await find('a')).toContain('app/src/a.ts')
  })

  it('is refused when it can not be understood, and says where', async () => {
    expect(await refusal({ q: '(a', mode: 'regex' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ q: '(a)\\1', mode: 'regex' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ q: 'a\nb' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ q: '' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ path: 'src/[a' })).toEqual(['validation_failed', 'query.path'])
    expect(await refusal({ path: '!' })).toEqual(['validation_failed', 'query.path'])
    expect(await refusal({ limit: 10_000 })).toEqual(['validation_failed', 'query.limit'])
    const place = { class: 0, repository: 'x', file: 0, hash: '', skip: -1 }
    for (const cursor of [
      'AAAA',
      'e30',
      '%%',
      Buffer.from(JSON.stringify({ from: place, to: null, counted: 2 ** 40, shown: 0 })).toString('base64url'),
    ])
      expect(await refusal({ cursor })).toEqual(['invalid_cursor'])
  })

  it('is not kept up by a glob or expression that is made to be slow', async () => {
    const long = makeRepository(join(folder.path, 'long'), {
      [`${'a'.repeat(200)}/${'a'.repeat(200)}`]: `${'a'.repeat(3000)}\n`,
    })
    await indexed(org, long)
    for (const more of [
      { path: `${'*a'.repeat(120)}*b` },
      { path: `${'{a,aa}'.repeat(40)}b` },
      { path: '**/'.repeat(90) + 'b' },
    ]) {
      const began = performance.now()
      const answer = org.call(searchCode, { q: 'aaa', repository: 'long', ...more })
      expect(await find('openGate', { repository: 'lib' })).toEqual(['lib/lib.ts'])
      expect(await answer).toMatchObject({ total: 0 })
      expect(performance.now() - began).toBeLessThan(4000)
    }
  }, 60_000)
})

describe('paging', () => {
  it('gives all of more matches than are ranked together, each once', async () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`f${i}.txt`, 'lantern\n'.repeat(200)]))
    await indexed(org, makeRepository(join(folder.path, 'many'), many))
    const seen = new Set<string>()
    let cursor: string | undefined
    let pages = 0
    let total = 0
    do {
      const more = cursor === undefined ? {} : { cursor }
      const { data, meta } = await org.envelope(searchCode, { q: 'lantern', limit: 150, ...more })
      for (const { path, line } of data.matches) seen.add(`${path}:${line}`)
      cursor = meta?.pagination.nextCursor ?? undefined
      expect(data.truncated).toBe(data.total < 2400)
      total = data.total
      pages++
    } while (cursor !== undefined && pages < 50)
    expect([seen.size, total]).toEqual([2400, 2400])
  })

  it('with the cursor of another organisation leads nowhere but to what is one\u2019s own', async () => {
    const { meta } = await org.envelope(searchCode, { q: 'lantern', limit: 150 })
    const pages = meta?.pagination.nextCursor ?? ''
    const { matches } = await other.call(searchCode, { q: 'openGate', cursor: pages })
    expect(matches.every(({ repository }) => repository === 'lib')).toBe(true)
    expect(JSON.stringify(await other.call(searchCode, { q: 'lantern', cursor: pages }))).not.toContain('many')
  })
})

describe('what can not be searched', () => {
  it('is a file beyond a megabyte, which is counted; a line of almost one is found', async () => {
    const source = makeRepository(join(folder.path, 'large'), {
      'large.txt': `${'y'.repeat(10_000_000)} lighthouse`,
      'wide.txt': `${'x '.repeat(450_000)}lighthouse${' z'.repeat(10_000)}`,
    })
    const { run } = await org.call(addRepository, { source })
    expect((await endOfRun(org, run.id)).status).toBe('succeeded')
    const { data: logs } = await org.envelope(listRunLogs, { run: run.id })
    expect(logs.map(({ message }) => message).join('\n')).toContain('1 tooLarge')
    const { matches } = await org.call(searchCode, { q: 'LIGHTHOUSE' })
    expect(matches.map(({ path, line, column }) => [path, line, column])).toEqual([['wide.txt', 1, 900_001]])
    const [{ snippet, ranges } = { snippet: '', ranges: [] }] = matches
    expect(snippet.slice(ranges[0]?.start, ranges[0]?.end)).toBe('lighthouse')
    expect(snippet.length).toBeLessThanOrEqual(402)
  })

  it('is a repository without a commit that is indexed', async () => {
    const source = makeRepository(join(folder.path, 'waits'), { a: 'openGate' })
    // Nobody works on what is started from here on.
    await node.worker.stop(0)
    const { repository } = await org.call(addRepository, { source })
    expect(repository.status).not.toBe('ready')
    expect(await find('openGate', { repository: 'waits' })).toEqual([])
    expect(await find('openGate', { repository: 'lib' })).toEqual(['lib/lib.ts'])
  })
})
