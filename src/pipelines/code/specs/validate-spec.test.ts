import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeRepository } from '../../../../test/support/git-repository.ts'
import { indexed } from '../../../../test/support/indexing.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../../../test/support/node.ts'
import { SHOP } from '../../../../test/support/shop-repository.ts'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { addRepository } from '../../../contract/code.ts'
import { SPEC_RULES, validateSpec, type SpecReport } from '../../../contract/specs.ts'
import type { SpecInput } from './spec-fixture.ts'

const folder = temporaryFolder('specs')
const CORE = 'packages/core/src'
const APP = 'packages/app/src'
let node: TestNode
let org: TestOrg

/** Sources with their tests beside them, imported by an alias, and migrations that are numbered. */
const TIDY: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'tidy',
    workspaces: ['tools'],
    dependencies: { zod: '^4.0.0', ...Object.fromEntries(Array.from({ length: 9 }, (_, n) => [`lib${n}`, '^1.2.3'])) },
  }),
  'tools/package.json': JSON.stringify({ name: 'tools' }),
  'tsconfig.json': JSON.stringify({ compilerOptions: { paths: { '@/*': ['./src/*'] } } }),
  ...Object.fromEntries(
    ['one-thing', 'two-things', 'three-things', 'four-things', 'five-things', 'six-things'].flatMap((name, at, all) => [
      [
        `src/${name}.ts`,
        `import { f${at + 1} } from '@/${all[at + 1] ?? 'last-thing'}'\nexport const f${at} = () => f${at + 1}\n`,
      ],
      [`src/${name}.test.ts`, `import { f${at} } from '@/${name}'\nf${at}()\n`],
    ]),
  ),
  'src/last-thing.ts': 'export const f6 = 1\n',
  ...Object.fromEntries(
    Array.from({ length: 6 }, (_, at) => [`db/migrations/000${at + 1}_step.sql`, `create table t${at} ();\n`]),
  ),
}

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  org = await node.onboard('specs')
  const shop = makeRepository(join(folder.path, 'shop'), SHOP)
  const tidy = makeRepository(join(folder.path, 'tidy'), TIDY)
  await Promise.all([shop, tidy].map((source) => indexed(org, source)))
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

const check = (spec: SpecInput, repository = 'shop', maxTokens?: number): Promise<SpecReport> =>
  org.call(validateSpec, { repository, spec, ...(maxTokens === undefined ? {} : { maxTokens }) })
const rules = ({ findings }: SpecReport): string[] =>
  findings.map(({ severity, rule, path }) => `${severity} ${rule} ${path}`)

describe('a plan that fits', () => {
  it('is valid, with what was checked', async () => {
    const report = await check({
      title: 'Add a discount',
      create: [{ path: `${CORE}/discount.ts`, symbols: ['discount'], imports: ['./money.ts', './types.ts'] }],
      modify: [{ path: `${CORE}/cart.ts`, symbols: ['Cart.total'], imports: ['./discount.ts'] }],
      symbols: [{ name: 'addUp' }, { name: 'load_user', path: 'service/app/models.py' }],
      tests: [{ path: 'packages/core/test/discount.test.ts', covers: [`${CORE}/discount.ts`] }],
    })
    expect(report).toMatchObject({
      repository: 'shop',
      verdict: 'valid',
      totals: { errors: 0 },
      truncated: false,
      unknown: [],
    })
    expect(report.checked).toEqual(
      expect.arrayContaining(['modify_missing_file', 'import_unresolved', 'symbol_missing']),
    )
    expect(report.indexedCommit).toMatch(/^[0-9a-f]{40}$/)
  })

  it('may be empty', async () => {
    expect(await check({})).toMatchObject({ verdict: 'valid', findings: [], checked: [] })
  })
})

/** One plan for each finding: what is wrong, and where. */
const WRONG: readonly (readonly [rule: (typeof SPEC_RULES)[number], repository: string, spec: SpecInput])[] = [
  ['modify_missing_file', 'shop', { modify: [{ path: `${CORE}/mony.ts` }] }],
  ['delete_missing_file', 'shop', { delete: ['none.ts'] }],
  ['create_existing_file', 'shop', { create: [{ path: `${CORE}/money.ts` }] }],
  ['path_case_clash', 'shop', { create: [{ path: `${CORE}/Money.ts` }] }],
  ['conflicting_actions', 'shop', { modify: [{ path: `${CORE}/money.ts` }], delete: [`${CORE}/money.ts`] }],
  ['symbol_missing', 'shop', { symbols: [{ name: 'addUpp' }] }],
  ['symbol_exists', 'shop', { symbols: [{ name: 'addUp', path: `${CORE}/money.ts`, action: 'create' }] }],
  ['symbol_in_use', 'shop', { symbols: [{ name: 'addUp', path: `${CORE}/money.ts`, action: 'delete' }] }],
  ['import_unresolved', 'shop', { create: [{ path: `${CORE}/new.ts`, imports: ['./none.ts'] }] }],
  ['import_cycle', 'shop', { modify: [{ path: `${CORE}/money.ts`, imports: ['./cart.ts'] }] }],
  ['import_convention', 'tidy', { create: [{ path: 'src/seven-things.ts', imports: ['../src/one-thing'] }] }],
  ['deleted_file_imported', 'shop', { delete: [`${APP}/price.ts`] }],
  ['file_name_convention', 'tidy', { create: [{ path: 'src/sevenThings.ts' }] }],
  ['test_name_convention', 'tidy', { tests: [{ path: 'src/one-thing.spec.ts', covers: ['src/one-thing.ts'] }] }],
  ['test_place_convention', 'tidy', { tests: [{ path: 'test/one-thing.test.ts', covers: ['src/one-thing.ts'] }] }],
  ['test_target_missing', 'tidy', { tests: [{ path: 'src/none.test.ts', covers: ['src/none.ts'] }] }],
  ['test_missing', 'tidy', { create: [{ path: 'src/seven-things.ts' }] }],
  ['migration_name_convention', 'tidy', { migrations: ['db/migrations/next.sql'] }],
  ['migration_number_taken', 'tidy', { migrations: ['db/migrations/0006_other.sql'] }],
  ['migration_order', 'tidy', { migrations: ['db/migrations/0009_later.sql'] }],
  ['migration_edited', 'tidy', { modify: [{ path: 'db/migrations/0002_step.sql' }] }],
  [
    'dependency_version_conflict',
    'tidy',
    { dependencies: [{ name: 'zod', version: '^3.0.0', manifest: 'tools/package.json' }] },
  ],
  ['dependency_range_convention', 'tidy', { dependencies: [{ name: 'kysely', version: '0.28.0' }] }],
  ['dependency_present', 'tidy', { dependencies: [{ name: 'zod', version: '^4.0.0' }] }],
  ['manifest_missing', 'shop', { dependencies: [{ name: 'zod', manifest: 'none/package.json' }] }],
]

describe('a plan that does not fit', () => {
  it.each(WRONG)('is told by %s', async (rule, repository, spec) => {
    const report = await check(spec, repository)
    const found = report.findings.find((finding) => finding.rule === rule)
    expect([rules(report), found?.rule]).toEqual([expect.any(Array), rule])
    expect(found?.message).not.toBe('')
    expect(found?.fix).not.toBe('')
    expect(report.checked).toContain(rule)
    expect(report.verdict).toBe(report.totals.errors > 0 ? 'invalid' : report.unknown.length > 0 ? 'unknown' : 'valid')
  })

  it('is told by every rule above', () => {
    expect(WRONG.map(([rule]) => rule)).toEqual(SPEC_RULES)
  })

  it('has evidence from the index, errors first, and what was learned', async () => {
    const report = await check({
      delete: [`${APP}/price.ts`],
      symbols: [{ name: 'addUpp' }],
      create: [{ path: `${CORE}/odd.ts` }],
    })
    expect(report.verdict).toBe('invalid')
    const severities = report.findings.map(({ severity }) => severity)
    expect(severities).toEqual(
      ['error', 'warning', 'info'].flatMap((one) => severities.filter((severity) => severity === one)),
    )
    const deleted = report.findings.find(({ rule }) => rule === 'deleted_file_imported')
    expect(deleted?.evidence.map(({ path, line }) => [path, line])).toEqual([
      [`${APP}/server.ts`, 4],
      ['packages/app/test/price.test.ts', 1],
    ])
    expect(report.findings.find(({ rule }) => rule === 'symbol_missing')?.fix).toContain('addUp')
    const { conventions } = await check({ create: [{ path: 'src/sevenThings.ts' }] }, 'tidy')
    expect(conventions.length).toBeGreaterThan(0)
    expect(conventions.every(({ followed, of }) => followed <= of && of > 0)).toBe(true)
  })

  it('takes about as much room as is given', async () => {
    const spec = { modify: Array.from({ length: 200 }, (_, at) => ({ path: `none/${at}.ts` })) }
    const report = await check(spec, 'shop', 500)
    expect(JSON.stringify(report).length).toBeLessThanOrEqual(2_000)
    expect([report.truncated, report.totals.errors, report.verdict]).toEqual([true, 200, 'invalid'])
  })
})

describe('what can not be checked', () => {
  it('makes a plan neither valid nor invalid', async () => {
    const report = await check({ symbols: [{ name: 'main', path: 'tool/main.go' }] })
    expect(report).toMatchObject({
      verdict: 'unknown',
      unknown: [{ path: 'tool/main.go', reason: 'language_unsupported' }],
    })
  })

  it('is refused when it is no plan, or about nothing that there is', async () => {
    expect((await org.error(validateSpec, { repository: 'none', spec: {} })).code).toBe('not_found')
    for (const spec of [
      { create: [{ path: '../x' }] },
      { delete: ['/etc/passwd'] },
      { migrations: ['a/../../b'] },
      { tests: [{ path: 'a', covers: ['..'] }] },
      { symbols: [{ name: 'x', action: 'eat' }] },
      { more: [] },
    ])
      expect([spec, (await org.error(validateSpec, { repository: 'shop', spec: spec as never })).code]).toEqual([
        spec,
        'validation_failed',
      ])
  })

  it('is all of a repository that is not indexed yet', async () => {
    const source = makeRepository(join(folder.path, 'waits'), SHOP)
    await node.worker.stop(0)
    await org.call(addRepository, { source })
    expect(await check({ delete: ['none.ts'] }, 'waits')).toMatchObject({
      verdict: 'unknown',
      indexedCommit: null,
      findings: [],
      checked: [],
      unknown: [{ path: null, reason: 'not_indexed' }],
    })
  })
})
