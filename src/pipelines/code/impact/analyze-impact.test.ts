import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { addRepository } from '../../../contract/code.ts'
import { analyzeImpact, type Impact } from '../../../contract/impact.ts'

const folder = temporaryFolder('impact')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('impact')
  const shop = makeRepository(join(folder.path, 'shop'), SHOP)
  const api = makeRepository(join(folder.path, 'api'), API)
  await Promise.all([shop, api].map((source) => indexed(org, source)))
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

/** Endpoints and jobs of every kind that is known. */
const API = {
  'src/define.ts': 'export const define = <T>(operation: T): T => operation\nexport const bind = define\n',
  'src/contract.ts': [
    "import { define } from './define.ts'",
    "export const listUsers = define({ name: 'users.list', method: 'GET', path: '/v1/users' })",
    "export const addUser = define({ name: 'users.add', method: 'POST', path: '/v1/users' })",
    '',
  ].join('\n'),
  'src/list-users.ts': [
    "import { listUsers } from './contract.ts'",
    "import { rows } from './rows.ts'",
    "import { bind } from './define.ts'",
    'export const listUsersVerb = bind([listUsers, () => rows()])',
    '',
  ].join('\n'),
  'src/rows.ts': 'export function rows() {\n  return [1]\n}\n',
  'src/hono.ts': [
    "import { Hono } from 'hono'",
    "import { rows } from './rows.ts'",
    'export const app = new Hono()',
    "app.get('/rows', (c) => c.json(rows()))",
    '',
  ].join('\n'),
  'app/api/users/[id]/route.ts': "import { rows } from '../../../../src/rows.ts'\nexport const GET = () => rows()\n",
  'src/mail.ts': [
    "import { Worker } from 'bullmq'",
    "import { rows } from './rows.ts'",
    "export const mail = new Worker('mail', async () => rows())",
    '',
  ].join('\n'),
  'src/rows.test.ts': "import { rows } from './rows.ts'\nrows()\n",
  'tool/main.go': 'package main\n\nfunc main() {}\n',
}

type Filter = Omit<Parameters<typeof org.call<typeof analyzeImpact>>[1], 'repository'>
const ask = (input: Filter, repository = 'shop'): Promise<Impact> => org.call(analyzeImpact, { repository, ...input })
const refusal = async (input: Filter, repository = 'shop') => {
  const { code, details } = await org.error(analyzeImpact, { repository, ...input })
  return [code, ...((details?.['issues'] ?? []) as { path: string }[]).map(({ path }) => path)]
}
const dependents = (impact: Impact): string[] => impact.dependents.map(({ path, distance }) => `${distance} ${path}`)
const tests = (impact: Impact): string[] => impact.tests.map(({ path }) => path)

const CORE = 'packages/core/src'
const APP = 'packages/app/src'

describe('what a change of files affects', () => {
  it('is what depends on them, with the tests that reach them and the way there', async () => {
    const impact = await ask({ files: [`${CORE}/money.ts`] })
    expect(dependents(impact)).toEqual([
      `1 ${CORE}/cart.ts`,
      `1 ${CORE}/index.ts`,
      `2 ${APP}/price.ts`,
      `2 ${APP}/server.ts`,
      '2 packages/core/test/cart.test.ts',
      '3 packages/app/test/price.test.ts',
    ])
    expect(impact.dependents[2]).toMatchObject({
      via: { path: `${CORE}/index.ts`, repository: 'shop', line: 1, specifier: '@shop/core', names: ['formatMoney'] },
      typeOnly: false,
      confidence: 'low',
      symbols: ['price'],
    })
    expect(impact.tests).toEqual([
      {
        repository: 'shop',
        path: 'packages/core/test/cart.test.ts',
        distance: 2,
        reason: `packages/core/test/cart.test.ts → ${CORE}/cart.ts → ${CORE}/money.ts`,
      },
      {
        repository: 'shop',
        path: 'packages/app/test/price.test.ts',
        distance: 3,
        reason: `packages/app/test/price.test.ts → ${APP}/price.ts → ${CORE}/index.ts → ${CORE}/money.ts`,
      },
    ])
    expect(impact.totals).toMatchObject({ files: 1, dependents: 6, direct: 2, tests: 2, endpoints: 2 })
    expect([impact.truncated, impact.unknown]).toEqual([false, []])
    expect(impact.nextSteps.join('\n')).toContain('Run 2 tests: packages/core/test/cart.test.ts')
  })

  it('is told of those that are known when others are not, and then without a low risk', async () => {
    const impact = await ask({ files: ['none.ts', 'packages/core/package.json'] })
    expect(impact.unknown).toMatchObject([{ path: 'none.ts', reason: 'file_not_indexed' }])
    expect(impact.risk.level).toBe('unknown')
    expect(await refusal({ files: ['none.ts', 'neither.ts'] })).toEqual(['path_not_found'])
    for (const path of ['../x', '/etc/passwd', 'a/../../b'])
      expect([path, await refusal({ files: [path] })]).toEqual([path, ['validation_failed', 'body.files.0']])
  })

  it('selects no test where types alone lead to it', async () => {
    const impact = await ask({ files: [`${CORE}/types.ts`] })
    expect(dependents(impact)).toContain('2 packages/core/test/cart.test.ts')
    expect(impact.dependents.every(({ typeOnly }) => typeOnly)).toBe(true)
    expect(tests(impact)).toEqual([])
  })

  it('has a test that is changed itself among the tests, and none among the dependents when they are left out', async () => {
    const impact = await ask({ files: ['packages/app/test/price.test.ts', `${APP}/price.ts`], includeTests: false })
    expect(impact.tests).toMatchObject([{ path: 'packages/app/test/price.test.ts', distance: 0 }])
    expect(dependents(impact)).toEqual([`1 ${APP}/server.ts`])
  })

  it('goes as deep as is asked for, and says that there is more', async () => {
    const near = await ask({ files: [`${CORE}/money.ts`], depth: 1 })
    expect([near.dependents.length, near.truncated]).toEqual([2, true])
    const few = await ask({ files: [`${CORE}/money.ts`], limit: 1 })
    expect([few.dependents.length, few.tests.length, few.totals.dependents, few.truncated]).toEqual([1, 1, 6, true])
    expect(await refusal({ files: ['a'], depth: 21 })).toEqual(['validation_failed', 'body.depth'])
  })

  it('tells the circles of imports that they are in', async () => {
    const { cycles, totals, risk } = await ask({ files: [`${APP}/ring-b.ts`] })
    expect(cycles).toMatchObject([{ repository: 'shop', size: 3 }])
    expect(totals.cycles).toBe(1)
    expect(risk.factors.map(({ name }) => name)).toContain('in_cycle')
  })

  it('takes about as much room as is given', async () => {
    const whole = await ask({ files: [`${CORE}/money.ts`, `${CORE}/types.ts`] })
    const cut = await ask({ files: [`${CORE}/money.ts`, `${CORE}/types.ts`], maxTokens: 500 })
    expect(JSON.stringify(whole).length).toBeGreaterThan(2_400)
    expect(JSON.stringify(cut).length).toBeLessThanOrEqual(2_000)
    expect([cut.truncated, cut.totals]).toEqual([true, whole.totals])
  })
})

describe('what a change of symbols affects', () => {
  it('is what uses them by name, and not what uses others of their files', async () => {
    const impact = await ask({ symbols: [{ name: 'formatMoney' }] })
    expect(dependents(impact)).toEqual([
      `1 ${CORE}/index.ts`,
      `2 ${APP}/price.ts`,
      `3 ${APP}/server.ts`,
      '3 packages/app/test/price.test.ts',
    ])
    expect(impact.changed.symbols).toMatchObject([
      { path: `${CORE}/money.ts`, name: 'formatMoney', change: 'named', exported: true, line: 7 },
    ])
    expect(impact.dependents.map(({ confidence }) => confidence)).toEqual(['high', 'medium', 'medium', 'medium'])
    expect(tests(impact)).toEqual(['packages/app/test/price.test.ts'])
    const member = await ask({ symbols: [{ name: 'Cart.total', path: `${CORE}/cart.ts` }] })
    expect(tests(member)).toEqual(['packages/core/test/cart.test.ts'])
    expect(tests(await ask({ symbols: [{ name: 'load_user' }] }))).toEqual(['service/tests/test_views.py'])
  })

  it('is told of those that are known when others are not', async () => {
    const { unknown, risk } = await ask({ symbols: [{ name: 'formatMoney' }, { name: 'none', path: 'README.md' }] })
    expect(unknown).toMatchObject([{ path: 'README.md', reason: 'symbol_unknown' }])
    expect(risk.level).toBe('unknown')
    expect(await refusal({ symbols: [{ name: 'none' }, { name: 'neither' }] })).toEqual(['symbol_not_found'])
    expect(await refusal({ symbols: [{ name: 'x', path: '../x' }] })).toEqual([
      'validation_failed',
      'body.symbols.0.path',
    ])
  })
})

describe('where a change is felt', () => {
  const felt = ({ endpoints, jobs }: Impact): string[] =>
    [...endpoints, ...jobs].map(({ method, name, title, path, line }) => `${path}:${line} ${method} ${title ?? name}`)

  it('is the routes and jobs of what is affected: called, defined, bound by an import, and by their place', async () => {
    const impact = await ask({ symbols: [{ name: 'rows' }] }, 'api')
    expect(felt(impact)).toEqual([
      'app/api/users/[id]/route.ts:1 null /api/users/[id]',
      'src/hono.ts:4 GET /rows',
      'src/contract.ts:2 GET users.list',
      'src/mail.ts:3 null mail',
    ])
    expect(impact.endpoints[2]).toMatchObject({ name: '/v1/users', reason: 'src/list-users.ts → src/rows.ts' })
    expect(impact.risk).toMatchObject({ level: 'medium' })
    expect(felt(await ask({ symbols: [{ name: 'addUser' }] }, 'api'))).toEqual(['src/contract.ts:3 POST users.add'])
    expect(felt(await ask({ symbols: [{ name: 'define' }] }, 'api'))).toEqual([
      'src/contract.ts:3 POST users.add',
      'src/contract.ts:2 GET users.list',
    ])
    expect(felt(await ask({ files: ['src/rows.test.ts'] }, 'api'))).toEqual([])
  })
})

describe('a risk', () => {
  it('is not told where too much is unknown', async () => {
    const go = await ask({ files: ['tool/main.go'] }, 'api')
    expect(go.unknown).toMatchObject([{ path: 'tool/main.go', reason: 'language_unsupported' }])
    expect(go.unknown[0]?.detail).toContain('not available for this language')
    expect(go.risk.level).toBe('unknown')

    const lost = makeRepository(join(folder.path, 'lost'), {
      'src/core.ts': 'export const core = 1\n',
      'src/core.test.ts': "import { core } from './core'\ncore\n",
      'src/near.ts': "import { core } from './moved/core'\ncore\n",
    })
    await indexed(org, lost)
    const near = await ask({ files: ['src/core.ts'] }, 'lost')
    expect(near.unknown).toMatchObject([{ path: 'src/near.ts', reason: 'imports_unresolved' }])
    expect(near.risk.level).toBe('unknown')
  })
})

describe('a call', () => {
  it('gives one of diff, base, files and symbols, and head with base alone', async () => {
    const files = ['a']
    expect(await refusal({})).toEqual(['validation_failed', 'body.diff'])
    expect(await refusal({ files, symbols: [{ name: 'x' }] })).toEqual(['validation_failed', 'body.diff'])
    expect(await refusal({ files, base: 'main' })).toEqual(['validation_failed', 'body.diff'])
    expect(await refusal({ files, head: 'main' })).toEqual(['validation_failed', 'body.head'])
    expect(await refusal({ files: [] })).toEqual(['validation_failed', 'body.files'])
    expect(await refusal({ files, project: 'none' })).toEqual(['not_found'])
    expect(await refusal({ files }, 'none')).toEqual(['not_found'])
  })

  it('about a repository that is not indexed yet has no answer but that, whatever it is about', async () => {
    const source = makeRepository(join(folder.path, 'waits'), SHOP)
    await node.worker.stop(0)
    await org.call(addRepository, { source })
    const diff = 'diff --git a/a b/b\nsimilarity index 100%\nrename from a\nrename to b\n'
    for (const input of [{ files: ['none.ts'] }, { symbols: [{ name: 'none' }] }, { diff }, { base: 'main' }])
      expect(await ask(input, 'waits')).toMatchObject({
        indexedCommit: null,
        dependents: [],
        risk: { level: 'unknown', factors: [] },
        unknown: [{ path: null, reason: 'not_indexed' }],
        nextSteps: ['Index waits, then ask again'],
      })
  })
})
