import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepositoryToProject, createProject } from '../../contract/projects.ts'
import { searchCode, type SearchMatch } from '../../contract/search.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { indexed } from '../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('symbol-search')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('symbols')
  const app = makeRepository(join(folder.path, 'app'), {
    'a/uses.ts': "import { createApp } from '../z/app.ts'\ncreateApp() // createApp and createApp again\n",
    'a/mentions.md': 'createApp makes an App\n',
    'z/app.ts': [
      'export class App {',
      '  listen(port: number) {',
      '    return port',
      '  }',
      '}',
      'export function createApp(): App {',
      '  return new App()',
      '}',
      'export const createAppLater = () => createApp()',
      'export const app = 1',
      '',
    ].join('\n'),
    'z/app.test.ts': 'function createApp() {}\ncreateApp()\n',
    'server.py':
      'class App:\n    def listen(self):\n        return create_app()\n\n\ndef create_app():\n    return App()\n',
    'lib.go': 'package lib\n\nfunc createApp() {}\n',
  })
  const lib = makeRepository(join(folder.path, 'lib'), {
    'lib.ts': 'export function createApp() {}\nexport const $store = 1\nexport const Straße = 1\n',
  })
  await Promise.all([indexed(org, app), indexed(org, lib)])
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

type Filter = Parameters<typeof org.call<typeof searchCode>>[1]
const matches = async (filter: Filter): Promise<SearchMatch[]> => (await org.call(searchCode, filter)).matches
const find = async (filter: Filter): Promise<string[]> =>
  (await matches(filter)).map(({ repository, path, line }) => `${repository}/${path}:${line}`)
const refusal = async (filter: Filter) => {
  const { code, details } = await org.error(searchCode, filter)
  return [code, ...((details?.['issues'] ?? []) as { path: string }[]).map(({ path }) => path)]
}

const CREATE_APP = ['app/z/app.ts:6', 'lib/lib.ts:1', 'app/z/app.test.ts:1']

describe('a search for a symbol', () => {
  it('finds the lines that define it, in all repositories, and says what they define', async () => {
    expect(await find({ symbol: 'createApp' })).toEqual(CREATE_APP)
    const { total, truncated, matches: found } = await org.call(searchCode, { symbol: 'createApp', repository: 'lib' })
    expect([total, truncated]).toEqual([1, false])
    expect(found[0]).toEqual({
      repository: 'lib',
      path: 'lib.ts',
      line: 1,
      column: 17,
      snippet: 'export function createApp() {}',
      ranges: [{ start: 16, end: 25 }],
      symbol: { name: 'createApp', kind: 'function' },
    })
    expect((await matches({ symbol: 'create_app' }))[0]?.symbol).toEqual({ name: 'create_app', kind: 'function' })
    expect(await find({ symbol: 'none' })).toEqual([])
  })

  it('takes a beginning, a member of a class, and cares for case when it is asked to', async () => {
    expect(await find({ symbol: 'createA*', repository: 'app' })).toEqual([
      'app/z/app.ts:6',
      'app/z/app.ts:9',
      'app/z/app.test.ts:1',
    ])
    expect(await find({ symbol: 'App.listen' })).toEqual(['app/server.py:2', 'app/z/app.ts:2'])
    expect((await matches({ symbol: 'App.listen' })).map(({ symbol }) => symbol)).toEqual([
      { name: 'App.listen', kind: 'method' },
      { name: 'App.listen', kind: 'method' },
    ])
    expect(await find({ symbol: 'listen' })).toEqual(['app/server.py:2', 'app/z/app.ts:2'])
    expect(await find({ symbol: 'App.none' })).toEqual([])
    expect(await find({ symbol: 'app' })).toEqual(['app/server.py:1', 'app/z/app.ts:1', 'app/z/app.ts:10'])
    expect(await find({ symbol: 'app', case: 'sensitive' })).toEqual(['app/z/app.ts:10'])
    expect(await find({ symbol: 'CREATEAPP', case: 'sensitive' })).toEqual([])
    expect(await find({ symbol: 'CREATEAPP' })).toEqual(CREATE_APP)
    expect(await find({ symbol: '$store' })).toEqual(['lib/lib.ts:2'])
    expect(await find({ symbol: 'straße' })).toEqual(['lib/lib.ts:3'])
  })

  it('can be narrowed by a text in the line and by everything else', async () => {
    expect(await find({ symbol: 'createApp', q: 'export' })).toEqual(['app/z/app.ts:6', 'lib/lib.ts:1'])
    expect(await find({ symbol: 'createApp', q: ': App', case: 'sensitive' })).toEqual(['app/z/app.ts:6'])
    expect(await find({ symbol: 'createApp', q: '^export \\w+ createApp\\(\\) ', mode: 'regex' })).toEqual([
      'lib/lib.ts:1',
    ])
    expect(await find({ symbol: 'App', language: 'python' })).toEqual(['app/server.py:1'])
    expect(await find({ symbol: 'createApp', path: '!*.test.ts', repository: 'app' })).toEqual(['app/z/app.ts:6'])
    await org.call(createProject, { name: 'libraries' })
    await org.call(addRepositoryToProject, { project: 'libraries', repository: 'lib' })
    expect(await find({ symbol: 'createApp', project: 'libraries' })).toEqual(['lib/lib.ts:1'])
    expect(await find({ symbol: 'createApp', project: 'libraries', repository: 'app' })).toEqual([])
    expect(await refusal({ symbol: 'createApp', project: 'none' })).toEqual(['not_found'])
  })

  it('can be written into the text', async () => {
    expect(await find({ q: 'symbol:createApp' })).toEqual(CREATE_APP)
    expect(await find({ q: 'symbol:createA* => ' })).toEqual(['app/z/app.ts:9'])
    expect(await find({ q: 'symbol:createApp', mode: 'regex' })).toEqual([])
  })

  it('pages, each definition once', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const { data, meta } = await org.envelope(searchCode, {
        symbol: 'createApp',
        limit: 1,
        ...(cursor === undefined ? {} : { cursor }),
      })
      seen.push(...data.matches.map(({ repository, path, line }) => `${repository}/${path}:${line}`))
      cursor = meta?.pagination.nextCursor ?? undefined
    } while (cursor !== undefined && seen.length < 10)
    expect(seen).toEqual(CREATE_APP)
  })

  it('is refused when it can not be understood', async () => {
    expect(await refusal({})).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ q: 'symbol:a', symbol: 'b' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ symbol: '*' })).toEqual(['validation_failed', 'query.symbol'])
    expect(await refusal({ symbol: 'a b' })).toEqual(['validation_failed', 'query.symbol'])
    expect(await refusal({ symbol: 'a*b' })).toEqual(['validation_failed', 'query.symbol'])
    expect(await refusal({ symbol: '.*' })).toEqual(['validation_failed', 'query.q'])
    expect(await refusal({ symbol: 'x'.repeat(301) })).toEqual(['validation_failed', 'query.symbol'])
    for (const symbol of ['__proto__', 'constructor', '%', "'", '\\', '\u{1f600}', '_*'])
      expect([symbol, await find({ symbol })]).toEqual([symbol, []])
  })
})

describe('more definitions than one search knows of', () => {
  it('do not hide a member of a class, and are told of otherwise', async () => {
    const classes = Array.from({ length: 2_100 }, (_, n) => `class Part${n}:\n    def begin(self):\n        pass\n`)
    const source = makeRepository(join(folder.path, 'many'), {
      'a.py': classes.join(''),
      'z.py': 'class Last:\n    def begin(self):\n        pass\n',
    })
    await indexed(org, source)
    expect(await find({ symbol: 'Last.begin' })).toEqual(['many/z.py:2'])
    expect(await find({ symbol: 'Last.beg*' })).toEqual(['many/z.py:2'])
    const all = await org.call(searchCode, { symbol: 'begin', limit: 1 })
    expect(all.truncated).toBe(true)
    const last = await org.call(searchCode, { symbol: 'begin', path: 'z.py' })
    expect(last.truncated || last.total === 1).toBe(true)
  })
})

describe('a plain search', () => {
  it('has the definitions of what it looks for first, whatever the paths', async () => {
    const found = await matches({ q: 'createApp', repository: 'app' })
    expect(found.slice(0, 2).map(({ path, line, symbol }) => [path, line, symbol?.name])).toEqual([
      ['z/app.ts', 6, 'createApp'],
      ['z/app.test.ts', 1, 'createApp'],
    ])
    expect(found.slice(2).every(({ symbol }) => symbol === undefined)).toBe(true)
    expect((await matches({ q: 'createapp', repository: 'app' }))[0]).toMatchObject({ path: 'z/app.ts', line: 6 })
  })
})
