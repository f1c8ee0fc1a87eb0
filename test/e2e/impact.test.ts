import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { addRepository } from '../../src/contract/code.ts'
import type { Impact } from '../../src/contract/impact.ts'
import { getRun, isEnded } from '../../src/contract/runs.ts'
import { commitFiles, makeRepository } from '../support/git-repository.ts'
import { onboard, startTenon, tenonCli, type Tenon } from '../support/tenon.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

const testOf = (name: string, statement: string): string =>
  `import { test } from 'node:test'\nimport assert from 'node:assert'\nimport { ${name} } from '../src/index.js'\ntest('${name}', () => { ${statement} })\n`
const sumOf = (start: number): string =>
  `export function sum(items) {\n  return items.reduce((total, item) => total + item, ${start})\n}\n`

const folder = temporaryFolder('impact')
const sources = temporaryFolder('impact-source')
let tenon: Tenon
let checkout: string
let env: Record<string, string>

beforeAll(async () => {
  checkout = makeRepository(join(sources.path, 'till'), {
    'package.json': '{"name":"till","type":"module"}\n',
    'src/sum.js': sumOf(0),
    'src/label.js': 'export function label(name) {\n  return `<${name}>`\n}\n',
    'src/index.js': "export { sum } from './sum.js'\nexport * from './label.js'\n",
    'src/routes.js':
      "import { sum } from './index.js'\nexport function mount(app) {\n  app.get('/total', (c) => c.json(sum(c.items)))\n}\n",
    'test/sum.test.js': testOf('sum', 'assert.equal(sum([1, 2]), 3)'),
    'test/label.test.js': testOf('label', "assert.equal(label('a'), '<a>')"),
  })
  tenon = await startTenon({ dataDir: folder.path, port: 17447, env: { TENON_LOCAL_REPOS: sources.path } })
  const { client, apiKey, slug } = await onboard(tenon.url, 'impact')
  env = { TENON_URL: tenon.url, TENON_API_KEY: apiKey, TENON_ORG: slug }
  const { data } = await client.call(addRepository, { source: checkout })
  await waitFor(async () => isEnded((await client.call(getRun, { run: data.run.id })).data.status), 30_000)
}, 120_000)
afterAll(async () => {
  await tenon.stop()
  folder.remove()
  sources.remove()
})

/** Whether these tests of the checkout pass. */
function passes(tests: readonly string[]): boolean {
  const { NODE_OPTIONS: _, VITEST: __, ...plain } = process.env
  return spawnSync(process.execPath, ['--test', ...tests], { cwd: checkout, env: plain }).status === 0
}

describe('a fault in a commit', () => {
  it('is caught by exactly the tests that `tenon impact` names', async () => {
    expect(passes(['test/sum.test.js', 'test/label.test.js'])).toBe(true)
    commitFiles(checkout, { 'src/sum.js': sumOf(1) }, 'plant a fault')
    const { code, stdout } = await tenonCli(['impact', '--base', 'HEAD~1', '--json'], env, checkout)
    expect(code).toBe(0)
    const { data } = JSON.parse(stdout) as { data: Impact }
    expect(data.changed.symbols).toMatchObject([{ path: 'src/sum.js', name: 'sum', change: 'body', exported: true }])
    expect(data.dependents.map(({ path, distance }) => [path, distance])).toEqual([
      ['src/index.js', 1],
      ['src/routes.js', 2],
      ['test/sum.test.js', 2],
    ])
    expect(data.endpoints).toMatchObject([{ method: 'GET', name: '/total', path: 'src/routes.js' }])
    expect(data.unknown).toEqual([])
    const tests = data.tests.map(({ path }) => path)
    expect(tests).toEqual(['test/sum.test.js'])
    expect(passes(tests)).toBe(false)
    expect(passes(['test/label.test.js'])).toBe(true)
  })

  it('is told to people with what to run and what to try', async () => {
    const { code, stdout } = await tenonCli(['impact', '--base', 'HEAD~1'], env, checkout)
    expect(code).toBe(0)
    for (const shown of ['Risk: ', 'sum function', 'src/routes.js', 'test/sum.test.js', 'GET /total'])
      expect(stdout).toContain(shown)
  })

  it('is drawn, and its neighbourhood listed, from the same folder', async () => {
    const drawn = await tenonCli(['graph', 'src/sum.js', '--out', join(folder.path, 'sum.svg')], env, checkout)
    expect([drawn.code, drawn.stderr]).toEqual([0, ''])
    const { stdout } = await tenonCli(['deps', 'src/sum.js', '--json'], env, checkout)
    const { data } = JSON.parse(stdout) as { data: { nodes: { path: string; distance: number }[] } }
    expect(data.nodes).toContainEqual(expect.objectContaining({ path: 'src/index.js', distance: 1 }))
  })
})
