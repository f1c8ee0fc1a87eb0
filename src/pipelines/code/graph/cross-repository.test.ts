import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { searchDependencies, type Dependencies } from '../../../contract/graph.ts'
import { analyzeImpact } from '../../../contract/impact.ts'
import { addRepositoryToProject, createProject, removeRepositoryFromProject } from '../../../contract/projects.ts'
import { validateSpec } from '../../../contract/specs.ts'

const folder = temporaryFolder('cross-repository')
let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('cross')
  const repositories = {
    kit: {
      'package.json': JSON.stringify({
        name: '@acme/kit',
        exports: { '.': './src/index.ts', './money': './src/money.ts' },
      }),
      'src/index.ts': "export * from './money.ts'\n",
      'src/money.ts': 'export function addUp() {\n  return 1\n}\nexport function round() {\n  return 1\n}\n',
    },
    web: {
      'package.json': JSON.stringify({ name: 'web', dependencies: { '@acme/kit': '1' } }),
      'src/page.ts': "import { addUp } from '@acme/kit'\nexport const page = () => addUp()\n",
      'src/cost.ts': "import { round } from '@acme/kit/money'\nexport const cost = () => round()\n",
      'src/page.test.ts': "import { page } from './page.ts'\npage()\n",
    },
    pylib: {
      'pyproject.toml': '[project]\nname = "acme-lib"\n',
      'src/acme_lib/__init__.py': '',
      'src/acme_lib/tax.py': 'def tax():\n    return 1\n',
    },
    pyapp: {
      'pyproject.toml': '[project]\nname = "pyapp"\ndependencies = ["acme-lib"]\n',
      'app/__init__.py': '',
      'app/bill.py': 'from acme_lib.tax import tax\n\n\ndef bill():\n    return tax()\n',
    },
    icons: {
      'package.json': JSON.stringify({ name: '@acme/icons', private: true }),
      'lib/home.js': 'export const home = 1\n',
    },
    stranger: {
      'package.json': JSON.stringify({ name: 'stranger', dependencies: { '@acme/kit': '1' } }),
      'a.ts': "import { addUp } from '@acme/kit'\naddUp()\n",
    },
  }
  await org.call(createProject, { name: 'shop' })
  await Promise.all(
    Object.entries(repositories).map(async ([name, files]) => {
      const repository = await indexed(org, makeRepository(join(folder.path, name), files))
      if (name !== 'stranger') await org.call(addRepositoryToProject, { project: 'shop', repository })
    }),
  )
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

type Filter = Parameters<typeof org.call<typeof searchDependencies>>[1]
const ask = (input: Filter): Promise<Dependencies> => org.call(searchDependencies, input)
const around = async (input: Filter): Promise<string[]> =>
  (await ask(input)).nodes.map(({ repository, path, distance, kind }) => `${distance} ${repository}/${path} ${kind}`)
const project = 'shop'

describe('imports of packages', () => {
  it('lead into the other repositories of a project, and only there', async () => {
    const money = { repository: 'kit', path: 'src/money.ts' }
    expect(await around(money)).toEqual(['1 kit/src/index.ts re-export'])
    expect(await around({ ...money, project })).toEqual([
      '1 web/src/cost.ts package',
      '1 kit/src/index.ts re-export',
      '2 web/src/page.ts package',
      '3 web/src/page.test.ts import',
    ])
    const page = { repository: 'web', path: 'src/page.ts', direction: 'dependencies' } as const
    expect(await around(page)).toEqual([])
    const { nodes, externals } = await ask({ ...page, project })
    expect(nodes.map(({ distance, repository, path }) => `${distance} ${repository}/${path}`)).toEqual([
      '1 kit/src/index.ts',
      '2 kit/src/money.ts',
    ])
    expect(nodes[0]?.via).toEqual({
      path: 'src/page.ts',
      repository: 'web',
      line: 1,
      specifier: '@acme/kit',
      names: ['addUp'],
    })
    expect(externals).toEqual([{ specifier: '@acme/kit', reason: 'external' }])
  })

  it('of a symbol are followed by its name', async () => {
    const symbol = { repository: 'kit', symbol: 'round' }
    expect(await around(symbol)).toEqual(['1 kit/src/index.ts re-export'])
    expect(await around({ ...symbol, project })).toEqual(['1 web/src/cost.ts package', '1 kit/src/index.ts re-export'])
  })

  it('of Python do the same', async () => {
    const tax = { repository: 'pylib', path: 'src/acme_lib/tax.py' }
    expect(await around(tax)).toEqual([])
    expect(await around({ ...tax, project })).toEqual(['1 pyapp/app/bill.py package'])
    const bill = { repository: 'pyapp', path: 'app/bill.py', direction: 'dependencies' } as const
    expect(await around(bill)).toEqual([])
    expect(await around({ ...bill, project })).toEqual(['1 pylib/src/acme_lib/tax.py package'])
  })

  it('end where a repository leaves the project', async () => {
    await org.call(createProject, { name: 'brief' })
    const money = { repository: 'kit', path: 'src/money.ts', project: 'brief' }
    for (const repository of ['kit', 'stranger'])
      await org.call(addRepositoryToProject, { project: 'brief', repository })
    expect(await around(money)).toEqual(['1 kit/src/index.ts re-export', '2 stranger/a.ts package'])
    await org.call(removeRepositoryFromProject, { project: 'brief', repository: 'stranger' })
    expect(await around(money)).toEqual(['1 kit/src/index.ts re-export'])
  })
})

describe('a change', () => {
  it('is followed into the other repositories of a project', async () => {
    const symbols = [{ name: 'addUp' }]
    const alone = await org.call(analyzeImpact, { repository: 'kit', symbols })
    expect(alone.dependents.map(({ repository }) => repository)).toEqual(['kit'])
    const impact = await org.call(analyzeImpact, { repository: 'kit', project, symbols })
    expect(impact.dependents.map(({ repository, path, kind }) => `${repository}/${path} ${kind}`)).toEqual([
      'kit/src/index.ts re-export',
      'web/src/page.ts package',
      'web/src/page.test.ts import',
    ])
    expect(impact.tests).toMatchObject([{ repository: 'web', path: 'src/page.test.ts' }])
    expect(impact.risk).toMatchObject({ level: 'high' })
    expect(impact.risk.factors[0]).toMatchObject({ name: 'other_repositories' })
    expect(JSON.stringify(impact)).not.toMatch(/stranger|repo_/)
  })
})

describe('a plan', () => {
  it('may import what the other repositories of a project provide', async () => {
    const spec = { create: [{ path: 'src/new.ts', imports: ['@acme/icons/lib/home.js', '@acme/none'] }] }
    const unresolved = async (more: { project?: string }): Promise<string[]> =>
      (await org.call(validateSpec, { repository: 'web', spec, ...more })).findings
        .filter(({ rule }) => rule === 'import_unresolved')
        .map(({ message }) => /`(@acme[^`]*)`/.exec(message)?.[1] ?? '')
    expect(await unresolved({})).toEqual(['@acme/icons', '@acme/none'])
    expect(await unresolved({ project })).toEqual(['@acme/none'])
    expect(await org.error(validateSpec, { repository: 'web', spec, project: 'none' })).toMatchObject({
      code: 'not_found',
    })
  })
})
