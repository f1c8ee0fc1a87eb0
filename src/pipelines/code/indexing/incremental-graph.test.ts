import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commitFiles, git } from '../../../../test/support/git-repository.ts'
import { reindexed } from '../../../../test/support/indexing.ts'
import { liveRepository, type LiveRepository } from '../../../../test/support/live-repository.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'

const folder = temporaryFolder('incremental-graph')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('incremental')
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const live = (files: Readonly<Record<string, string | Buffer>>): Promise<LiveRepository> =>
  liveRepository({ node, org, folder: folder.path }, files)

const CORE = 'packages/core/src'
const APP = 'packages/app/src'

describe('a graph that is brought up to date commit by commit', () => {
  it('is the one of an index that begins with the last commit', async () => {
    const { source, index, fresh, rows } = await live(SHOP)
    const expectSame = async (changed: Readonly<Record<string, string>>): Promise<void> => {
      commitFiles(source, changed, 'changed')
      const [expected] = await Promise.all([fresh(), index()])
      expect(await rows()).toEqual(expected)
    }

    // Edited, added, deleted and renamed at once; a circle is broken, and another made.
    git(source, 'rm', '-q', `${APP}/ring-c.ts`)
    git(source, 'mv', `${CORE}/cart.ts`, `${CORE}/basket.ts`)
    await expectSame({
      [`${CORE}/index.ts`]: `${SHOP[`${CORE}/index.ts`]}export { default as Basket } from './basket.ts'\n`,
      [`${CORE}/types.ts`]: "import { price } from '@shop/app/src/price'\nexport interface Item { p: typeof price }\n",
      [`${APP}/gone.ts`]: 'export const gone = 1\n',
      [`${APP}/jobs.ts`]: "import { Queue, Worker } from 'bullmq'\nnew Worker('mail', async () => {})\n",
      'service/app/models.py':
        'from .views import show\n\n\nclass User:\n    pass\n\n\ndef load_user():\n    return show\n',
    })

    // The same text at another path, in another dialect; a package that is called otherwise.
    await expectSame({
      [`${APP}/price.js`]: SHOP[`${APP}/price.ts`] ?? '',
      [`${APP}/price-again.ts`]: SHOP[`${APP}/price.ts`] ?? '',
      'packages/core/package.json': JSON.stringify({ name: '@shop/kernel', exports: { '.': './src/index.ts' } }),
      'service/setup.py': "from setuptools import setup\nsetup(name='service')\n",
    })

    git(source, 'rm', '-q', '-r', 'packages/app', 'service')
    await expectSame({ 'README.md': 'nothing\n' })

    git(source, 'revert', '-n', 'HEAD', 'HEAD~1')
    await expectSame({})
  }, 60_000)

  it('leads where it led nowhere, when another commit adds what was missing, and back', async () => {
    const { source, index, commit, edges } = await live({
      'src/a.ts': "import { b } from './b'\nimport { c } from './c'\n",
      'src/b/index.ts': 'export const b = 1\n',
      'app/__init__.py': '',
      'app/a.py': 'from app import b\nfrom app.c import d\n',
    })
    expect(await edges('src/a.ts')).toEqual(['src/b/index.ts', 'not_found'])
    expect(await edges('app/a.py')).toContain('not_found')
    await commit({
      'src/c.ts': 'export const c = 1\n',
      // A file comes before a folder of its name.
      'src/b.ts': 'export const b = 2\n',
      'app/c.py': 'd = 1\n',
      'app/b.py': '',
    })
    expect(await edges('src/a.ts')).toEqual(['src/b.ts', 'src/c.ts'])
    const python = await edges('app/a.py')
    expect(python).toEqual(expect.arrayContaining(['app/b.py', 'app/c.py']))
    expect(python).not.toContain('not_found')
    git(source, 'revert', '-n', 'HEAD')
    git(source, 'commit', '-q', '-m', 'back')
    await index()
    expect(await edges('src/a.ts')).toEqual(['src/b/index.ts', 'not_found'])
  })

  it('follows the configuration, also in files that have not changed', async () => {
    const config = (target: string): string =>
      JSON.stringify({ compilerOptions: { baseUrl: '.', paths: { '~/*': [`${target}/*`] } } })
    const { commit, edges, rows, fresh } = await live({
      'tsconfig.json': config('one'),
      'a.ts': "import '~/x'\n",
      'one/x.ts': 'export {}\n',
      'two/x.ts': 'export {}\n',
    })
    expect(await edges('a.ts')).toEqual(['one/x.ts'])
    await commit({ 'tsconfig.json': config('two') })
    expect(await edges('a.ts')).toEqual(['two/x.ts'])
    await commit({ 'tsconfig.json': '{ broken' })
    expect(await edges('a.ts')).not.toContain('two/x.ts')
    expect(await rows()).toEqual(await fresh())
  })

  it('is that of rewritten history', async () => {
    const { source, index, edges, rows, fresh } = await live({ 'a.ts': "import './b'\n", 'b.ts': 'export {}\n' })
    commitFiles(source, { 'c.ts': "import './a'\n" }, 'will be gone')
    await index()
    git(source, 'reset', '-q', '--hard', 'HEAD~1')
    git(source, 'commit', '-q', '--amend', '-m', 'another first')
    commitFiles(source, { 'd.ts': "import './b'\n" }, 'another second')
    await index()
    expect(await edges('c.ts')).toEqual([])
    expect(await edges('d.ts')).toEqual(['b.ts'])
    expect(await rows()).toEqual(await fresh())
  })

  it('keeps nothing of what no file has any more, and reads nothing twice that is no text or too large', async () => {
    const { source, id, commit, rows } = await live({
      'a.ts': 'export const a = 1\n',
      'same.ts': 'export const a = 1\n',
      'b.ts': "import { Hono } from 'hono'\nnew Hono().get('/b', () => 1)\n",
      'binary.ts': Buffer.from([0, 1, 2]),
      'large.ts': `export const large = '${'x'.repeat(1_000_001)}'\n`,
      'wide.ts': `export const wide = '${'x'.repeat(700_000)}'\n`,
    })
    const shas = async (): Promise<string[]> =>
      Object.values(await rows()).flatMap((table: { sha?: string }[]) => table.flatMap(({ sha }) => sha ?? []))
    const [a, b] = ['a.ts', 'b.ts'].map((path) => git(source, 'rev-parse', `HEAD:${path}`).trim())
    expect(await shas()).toEqual(expect.arrayContaining([a, b]))
    expect((await reindexed(org, id)).summary).toMatchObject({ blobsRead: 0 })
    git(source, 'rm', '-q', 'a.ts')
    await commit({ 'b.ts': 'export const b = 1\n' })
    expect(await shas()).toContain(a)
    expect(await shas()).not.toContain(b)
    expect((await rows()).entryPoints).toEqual([])
    git(source, 'rm', '-q', 'same.ts')
    await commit({})
    expect(await shas()).not.toContain(a)
  })
})
