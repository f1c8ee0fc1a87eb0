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

describe('x', () => {
  it('y', async () => {
    for (const [i, r] of [
      [{ files: [`${CORE}/money.ts`, 'none.ts'] }],
      [{ symbols: [{ name: 'formatMoney' }, { name: 'nope' }] }],
      [{ symbols: [{ name: 'rows' }] }, 'api'],
      [{ symbols: [{ name: 'listUsers' }] }, 'api'],
      [{ symbols: [{ name: 'define' }] }, 'api'],
      [{ files: ['src/list-users.ts'] }, 'api'],
      [{ files: ['tool/main.go'] }, 'api'],
      [{ files: [`${APP}/lost.ts`] }],
      [{ files: [`${CORE}/types.ts`] }],
    ] as [Filter, string?][]) {
      const a = await ask(i, r)
      process.stderr.write(
        JSON.stringify({
          i,
          d: a.dependents.map((x) => [x.distance, x.path, x.typeOnly, x.confidence, x.symbols.join()]),
          ...a,
          dependents: undefined,
        }) + '\n\n',
      )
    }
  })
})
