import { expect, it } from 'vitest'
import { implementationSpec, SPEC_RULES } from '../../../contract/specs.ts'
import { checkSpec } from './check-spec.ts'
import { editDistance } from './edit-distance.ts'
import { check, indexOf, wordOf } from './spec-fixture.ts'
import type { SpecIndex } from './spec-index.ts'

it('answers an empty plan by nothing', async () => {
  expect(await check({ 'a.ts': '' }, {})).toEqual({
    findings: [],
    totals: { errors: 0, warnings: 0, infos: 0 },
    truncated: false,
    conventions: [],
    checked: [],
    unknown: [],
  })
})

it('lists errors first, each finding once, whatever the order of the plan', async () => {
  const plan = {
    create: [
      { path: 'src/b.ts', imports: ['nope', 'nope'] },
      { path: 'src/c.ts', symbols: ['x'] },
    ],
    modify: [{ path: 'src/none.ts' }, { path: 'src/gone.ts' }],
    delete: ['src/gone.ts', 'src/gone.ts'],
  }
  const repository = { 'src/x.ts': 'export const x = 1', 'src/y.ts': 'export const y = 1', 'package.json': {} }
  const turned = { ...plan, create: plan.create.toReversed(), modify: plan.modify.toReversed() }
  const [one, other] = await Promise.all([check(repository, plan), check(repository, turned)])
  expect(other.findings.map(({ rule, path }) => [rule, path])).toEqual(
    one.findings.map(({ rule, path }) => [rule, path]),
  )
  const severities = one.findings.map(({ severity }) => severity)
  expect(severities).toEqual([...severities].toSorted((a, b) => a.length - b.length || 0).toSorted(byRank))
  expect(new Set(one.findings.map(({ rule, path, message }) => `${rule} ${path} ${message}`)).size).toBe(
    one.findings.length,
  )
  expect(one.totals.errors).toBe(severities.filter((severity) => severity === 'error').length)
})

function byRank(a: string, b: string): number {
  const ranks = ['error', 'warning', 'info']
  return ranks.indexOf(a) - ranks.indexOf(b)
}

it('lists 500 findings at most, and counts the rest', async () => {
  const paths = Array.from({ length: 400 }, (_, at) => `none/file${at}.zzz`)
  const { findings, totals, truncated } = await check(
    { 'a.ts': '' },
    { modify: paths.map((path) => ({ path })), delete: paths },
  )
  expect(findings).toHaveLength(500)
  expect(truncated).toBe(true)
  expect(totals.errors).toBe(1_200)
})

it('applies rules of the contract alone', async () => {
  const { checked } = await check(
    { 'src/a.ts': 'export const a = 1', 'src/a.test.ts': '', 'package.json': {} },
    {
      create: [{ path: 'src/b.ts', imports: ['./a.ts'], symbols: ['b'] }],
      modify: [{ path: 'src/a.ts', symbols: ['a'] }],
      delete: ['src/a.test.ts'],
      dependencies: [{ name: 'x' }],
    },
  )
  expect(checked.filter((rule) => !SPEC_RULES.includes(rule))).toEqual([])
  expect(checked).toEqual([
    'conflicting_actions',
    'create_existing_file',
    'delete_missing_file',
    'deleted_file_imported',
    'dependency_present',
    'dependency_version_conflict',
    'import_cycle',
    'import_unresolved',
    'manifest_missing',
    'modify_missing_file',
    'path_case_clash',
    'symbol_exists',
    'symbol_missing',
    'test_missing',
  ])
})

it.each([
  ['kitten', 'sitting', 3],
  ['abcd', 'abdc', 1],
  ['same', 'same', 0],
  ['', 'ab', 2],
])('counts the letters between %s and %s', (a, b, distance) => {
  expect(editDistance(a, b, 3)).toBe(distance)
  expect(editDistance(b, a, distance)).toBe(distance)
  expect(editDistance(a, b, distance - 1)).toBe(distance === 0 ? 0 : null)
})

it('checks 500 entries against 10,000 files while nobody waits', async () => {
  const paths = Array.from(
    { length: 10_000 },
    (_, at) => `src/${wordOf(at % 12)}/part-${at % 100}/${wordOf(at % 7)}-file-${at}.ts`,
  )
  const spec = implementationSpec.parse({
    create: paths
      .slice(0, 125)
      .map((path) => ({ path: path.replace('-file-', 'NewFile'), imports: ['./x.ts'], symbols: ['make'] })),
    modify: paths.slice(200, 325).map((path) => ({ path: path.replace('file', 'fiel'), symbols: ['gone'] })),
    delete: paths.slice(400, 525).map((path) => path.replace('-file-', '-fil-')),
    tests: paths.slice(600, 725).map((path) => ({ path: path.replace('.ts', '.test.ts'), covers: [path] })),
    migrations: paths.slice(0, 50).map((_, at) => `db/migrations/${at}_x.sql`),
  })
  const index: SpecIndex = {
    ...(await indexOf({}, spec)),
    paths: [...paths, ...paths.slice(0, 2_000).map((path) => path.replace('.ts', '.test.ts'))],
    resolve: (_, specifier) => ({ path: null, reason: specifier === 'x' ? 'undeclared' : 'not_found' }),
  }
  await checkSpec(spec, index)
  const started = performance.now()
  const { findings } = await checkSpec(spec, index)
  const took = performance.now() - started
  expect(findings.length).toBeGreaterThan(300)
  // It takes less than 100 ms; a loaded machine may take longer.
  expect(took).toBeLessThan(1_000)
})

it('reads hostile names in no time', async () => {
  const names = [
    '-'.repeat(4_000),
    `${'a-'.repeat(2_000)}!`,
    '0'.repeat(4_000),
    `${'1.'.repeat(2_000)}x`,
    '__proto__',
    'A'.repeat(4_000),
    `V${'1_'.repeat(2_000)}`,
  ]
  const started = performance.now()
  await check(Object.fromEntries(names.map((name) => [`db/migrations/${name}.sql`, ''])), {
    create: names.flatMap((name) => [{ path: `${name}.ts` }, { path: `${name}.test.ts` }]),
    modify: names.map((name) => ({ path: `x/${name}` })),
    migrations: names.map((name) => `m/${name}.sql`),
    dependencies: [{ name: 'x', version: `${'1 '.repeat(49)}!` }],
  })
  expect(performance.now() - started).toBeLessThan(1_000)
})
