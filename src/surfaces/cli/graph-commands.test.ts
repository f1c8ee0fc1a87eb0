import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { nowhere } from '../../../test/support/cli-settings.ts'
import { git as gitIn, makeRepository } from '../../../test/support/git-repository.ts'
import { dependenciesOf, impactOf, specReportOf } from '../../../test/support/graph-answers.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { runLocalGit } from '../../app/local-git.ts'
import { placeOf } from './folder.ts'
import { runCli } from './program.ts'
import type { CliSettings } from './settings.ts'

const folder = temporaryFolder('impact')
afterAll(() => folder.remove())

interface Sent {
  readonly path: string
  readonly query: Record<string, string>
  readonly body: Record<string, unknown> | null
}
/** Sources of the repositories that the server has, by name. */
type Indexed = Readonly<Record<string, string>>

async function run(
  argv: readonly string[],
  { indexed = {}, ...more }: Partial<CliSettings> & { indexed?: Indexed } = {},
) {
  const sent: Sent[] = []
  const text = { out: '', err: '' }
  const answers: Record<string, () => Response> = {
    repositories: () => Response.json({ data: Object.entries(indexed).map(([name, source]) => ({ name, source })) }),
    dependencies: () => Response.json({ data: dependenciesOf() }),
    impact: () => Response.json({ data: impactOf() }),
    specs: () => Response.json({ data: specReportOf() }),
  }
  const settings: CliSettings = {
    url: 'http://127.0.0.1:7420',
    apiKey: 'tn_live_own',
    org: 'acme',
    out: (part) => (text.out += part),
    err: (part) => (text.err += part),
    isTerminal: false,
    colors: false,
    width: 80,
    confirm: async () => false,
    input: async () => '',
    ...nowhere,
    fetch: async (input, init) => {
      const request = new Request(input, init)
      const url = new URL(request.url)
      const query = Object.fromEntries(url.searchParams)
      sent.push({
        path: url.pathname,
        query,
        body: request.method === 'GET' ? null : ((await request.json()) as Sent['body']),
      })
      if (query['format'] !== undefined)
        return new Response('<svg/>', { headers: { 'content-type': 'image/svg+xml; charset=utf-8' } })
      return answers[url.pathname.split('/')[2] ?? '']?.() ?? Response.json({}, { status: 404 })
    },
    ...more,
  }
  const code = await runCli(argv, settings, [])
  return { code, sent, last: sent.at(-1), ...text }
}

const inside: CliSettings['git'] = (args) => runLocalGit(['-C', folder.path, ...args])
const git = (...args: string[]): string => gitIn(folder.path, ...args)
const put = (path: string, text: string): void => writeFileSync(join(folder.path, path), text)

beforeAll(() => {
  makeRepository(folder.path, { 'kept.ts': 'export const a = 1\n', '.gitignore': 'ignored.ts\n' })
  git('remote', 'add', 'origin', 'git@github.com:Acme/App.git')
})
beforeEach(() => {
  git('reset', '-q', '--hard')
  git('clean', '-qfd')
})
const indexed = { app: 'https://github.com/acme/app', other: 'https://github.com/acme/other' }

describe('the repository of the current folder', () => {
  it('is the one that is fetched from where the folder is', async () => {
    expect((await run(['deps', 'a.ts'], { git: inside, indexed })).last?.query).toMatchObject({ repository: 'app' })
    const local = { here: folder.path, app: 'https://example.org/app' }
    expect((await run(['deps', 'a.ts'], { git: inside, indexed: local })).last?.query).toMatchObject({
      repository: 'here',
    })
  })

  it('is else the one with the name of the folder', async () => {
    const named = { [basename(folder.path)]: 'https://example.org/x', other: 'https://example.org/y' }
    const { last } = await run(['deps', 'a.ts'], { git: inside, indexed: named })
    expect(last?.query).toMatchObject({ repository: basename(folder.path) })
  })

  it('is asked for when it is none or several, and outside of a repository', async () => {
    const none = await run(['deps', 'a.ts'], { git: inside, indexed: { x: 'https://example.org/x', y: 'a/y' } })
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('name one of x, y')])
    const twice = { one: 'acme/app', two: 'https://github.com/acme/app.git' }
    expect((await run(['deps', 'a.ts'], { git: inside, indexed: twice })).err).toContain('name one of one, two')
    expect((await run(['deps', 'a.ts'])).err).toContain('in no git repository')
    expect((await run(['deps', 'a.ts', '--json', '--repository', 'x'])).last?.query).toMatchObject({ repository: 'x' })
  })

  it('is told by addresses that are written in different ways', () => {
    for (const address of [
      'acme/app',
      'https://github.com/Acme/app.git',
      'https://user:token@github.com/acme/app/',
      'ssh://git@github.com:22/acme/app.git',
      'git@github.com:acme/app',
      'git://github.com/acme/app',
    ])
      expect([address, placeOf(address)]).toEqual([address, 'github.com/acme/app'])
    expect(placeOf('/srv/git/App.git/')).toBe(placeOf('file:///srv/git/app'))
  })
})

describe('tenon deps', () => {
  it('takes a symbol in place of the path, and offers no drawing', async () => {
    const { last } = await run(['deps', '--symbol', 'createApp', '--repository', 'x', '--depth', '2'])
    expect(last?.query).toEqual({ symbol: 'createApp', repository: 'x', depth: '2' })
    expect((await run(['deps', '--help'])).out).not.toContain('--format')
  })
})

describe('tenon graph', () => {
  it('writes the drawing that the name of the file asks for', async () => {
    const written: Record<string, string> = {}
    const writeFile = async (path: string, text: string): Promise<void> => void (written[path] = text)
    const svg = await run(['graph', 'a.ts', '--repository', 'x', '--direction', 'both', '--out', 'a.svg'], {
      writeFile,
    })
    expect(svg.out).toBe('Wrote a.svg (6 B).\n')
    expect(svg.last?.query).toEqual({ path: 'a.ts', repository: 'x', direction: 'both', format: 'svg' })
    const dot = await run(['graph', 'a.ts', '--repository', 'x', '--out', 'a.dot'], { writeFile })
    expect(dot.last?.query).toMatchObject({ format: 'dot' })
    expect(Object.keys(written)).toEqual(['a.svg', 'a.dot'])
  })

  it('prints SVG where no file is named', async () => {
    expect((await run(['graph', 'a.ts', '--repository', 'x'])).out).toBe('<svg/>')
    expect((await run(['graph', '--symbol', 'A', '--repository', 'x', '--out', '-'])).out).toBe('<svg/>')
  })

  it('refuses another kind of file, a folder that is missing, and nothing to draw', async () => {
    const png = await run(['graph', 'a.ts', '--repository', 'x', '--out', 'a.png'])
    expect([png.code, png.sent]).toEqual([2, []])
    const missing = await run(['graph', 'a.ts', '--repository', 'x', '--out', 'none/a.svg'])
    expect([missing.code, missing.err]).toEqual([2, expect.stringContaining('in a folder that does not exist')])
    expect((await run(['graph', '--repository', 'x'])).code).toBe(2)
  })
})

describe('tenon specs validate', () => {
  const argv = ['specs', 'validate', 'plan.json', '--repository', 'x']
  const readFile = async (path: string): Promise<string> => `\uFEFF{"title": "${path}"}`

  it('sends what a file or the standard input holds', async () => {
    expect((await run(argv, { readFile })).last?.body).toEqual({ repository: 'x', spec: { title: 'plan.json' } })
    const piped = await run(['specs', 'validate', '-', '--repository', 'x'], { input: async () => '{"create": []}' })
    expect(piped.last?.body).toEqual({ repository: 'x', spec: { create: [] } })
  })

  it('says what is wrong with a file', async () => {
    expect((await run(argv)).err).toContain('plan.json does not exist')
    for (const [text, told] of [
      ['{', 'plan.json is no JSON'],
      ['[1]', 'plan.json holds no JSON object'],
      ['null', 'plan.json holds no JSON object'],
    ] as const) {
      const { code, err, sent } = await run(argv, { readFile: async () => text })
      expect([code, err, sent]).toEqual([2, expect.stringContaining(told), []])
    }
  })
})

describe('tenon impact', () => {
  const here = { git: inside, indexed }
  const diffOf = (sent: Sent | undefined): string => String(sent?.body?.['diff'])

  it('asks about the working tree, new files with it, and leaves the index of git alone', async () => {
    put('kept.ts', 'export const a = 2\n')
    put('new file.ts', 'export const b = 1\n')
    put('ignored.ts', '')
    mkdirSync(join(folder.path, 'sub'))
    put('sub/-.ts', 'x\n')
    put('-', 'standard input\n')
    git('config', 'diff.noprefix', 'true')
    const { last, code } = await run(['impact', '--depth', '3'], here)
    expect(code).toBe(0)
    expect(last?.path).toBe('/v1/impact/acme')
    expect(last?.body).toMatchObject({ repository: 'app', depth: 3 })
    const files = [...diffOf(last).matchAll(/^\+\+\+ (.*?)\t?$/gm)].map((match) => match[1])
    expect(files).toEqual(['b/kept.ts', 'b/new file.ts', 'b/sub/-.ts'])
    expect(git('status', '--porcelain')).toContain('?? sub/')
  })

  it('leaves out what has come to the base since the work has left it', async () => {
    git('checkout', '-q', '-b', 'forked')
    put('mine.ts', 'export const mine = 1\n')
    git('add', 'mine.ts')
    git('commit', '-qm', 'mine')
    git('checkout', '-q', '-b', 'moved-on', 'main')
    put('theirs.ts', 'export const theirs = 1\n')
    git('add', 'theirs.ts')
    git('commit', '-qm', 'theirs')
    for (const head of [['--head', 'forked'], []]) {
      git('checkout', '-q', 'forked')
      const sent = diffOf((await run(['impact', '--base', 'moved-on', ...head], here)).last)
      expect([sent.includes('mine.ts'), sent.includes('theirs.ts')]).toEqual([true, false])
    }
    git('checkout', '-q', 'main')
  })

  it('asks about the change between two commits, whatever the working tree has', async () => {
    git('checkout', '-q', '-b', 'work')
    put('kept.ts', 'export const a = 3\n')
    git('commit', '-qam', 'two')
    git('checkout', '-q', 'main')
    put('new.ts', 'x\n')
    const { last } = await run(['impact', '--base', 'main', '--head', 'work'], here)
    expect(diffOf(last)).toContain('+export const a = 3')
    expect(diffOf(last)).not.toContain('new.ts')
    const unknown = await run(['impact', '--base', 'nope'], here)
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('git: bad revision')])
    expect(await run(['impact', '--base=--output=x'], here)).toMatchObject({ code: 2, sent: [] })
  })

  it('says that nothing has changed, and asks nothing', async () => {
    expect(await run(['impact'], here)).toMatchObject({
      code: 0,
      sent: [],
      out: 'Nothing has changed between HEAD and the working tree.\n',
    })
    expect((await run(['impact', '--json'], here)).out).toBe('{"data":null}\n')
  })

  it('says that the folder is not where the index is, and prints the envelope alone for programs', async () => {
    put('kept.ts', '')
    const { out } = await run(['impact'], here)
    expect(out).toMatch(/This folder is at [0-9a-f]{10}, the index at 0123456789\.\n.*tenon repos reindex app\n$/)
    const json = await run(['impact', '--json', '--repository', 'app'], here)
    expect(JSON.parse(json.out)).toEqual({ data: impactOf() })
  })

  it('takes a diff, files or symbols instead, anywhere', async () => {
    const diff = 'diff --git a/a b/a\n'
    const given = ['--repository', 'x'] as const
    const piped = await run(['impact', '--diff', '-', ...given], { input: async () => diff })
    expect(piped.last?.body).toEqual({ repository: 'x', diff })
    const file = await run(['impact', '--diff', 'a.diff', ...given], { readFile: async () => diff })
    expect(file.last?.body).toEqual({ repository: 'x', diff })
    const files = await run(['impact', ...given, '--files', 'a.ts', 'b.ts', '--files', 'c.ts'])
    expect(files.last?.body).toEqual({ repository: 'x', files: ['a.ts', 'b.ts', 'c.ts'] })
    const symbols = await run(['impact', ...given, '--symbols', 'App.listen', 'src/a.ts:Ctx'])
    expect(symbols.last?.body).toEqual({
      repository: 'x',
      symbols: [{ name: 'App.listen' }, { path: 'src/a.ts', name: 'Ctx' }],
    })
    const empty = await run(['impact', '--diff', '-', ...given])
    expect(empty).toMatchObject({ code: 0, sent: [], out: 'The diff is empty.\n' })
    expect(await run(['impact', '--diff', '-', '--files', 'a.ts', ...given])).toMatchObject({ code: 2, sent: [] })
  })

  it('leaves two commits to the server outside of a git repository', async () => {
    const { last } = await run(['impact', '--base', 'v1', '--head', 'v2', '--repository', 'x'])
    expect(last?.body).toEqual({ repository: 'x', base: 'v1', head: 'v2' })
    const none = await run(['impact', '--repository', 'x'])
    expect([none.code, none.err]).toEqual([2, expect.stringContaining('in no git repository')])
  })

  it('needs git only where it asks it', async () => {
    const missing: CliSettings['git'] = async () => Promise.reject(Object.assign(new Error(), { code: 'git_missing' }))
    const files = await run(['impact', '--files', 'a.ts', '--repository', 'x'], { git: missing })
    expect(files.code).toBe(0)
    expect((await run(['impact'], { git: missing })).err).toContain('git was not found')
  })
})
