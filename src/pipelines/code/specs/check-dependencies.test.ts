import { expect, it } from 'vitest'
import { check, found, type Repository, type SpecInput } from './spec-fixture.ts'
import { isSameRange, versionStyleOf, withStyle } from './version-style.ts'

const versions = (count: number, range: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`package-${at}`, range]))

const pinned: Repository = {
  'package.json': { name: 'root', dependencies: versions(9, '1.2.3') },
  'packages/ui/package.json': { name: '@acme/ui', dependencies: { react: '19.1.0' }, peerDependencies: { zod: '>=3' } },
  'packages/app/package.json': { name: '@acme/app', dependencies: { react: '19.1.0', '@acme/ui': 'workspace:*' } },
  'go.mod': 'module x',
}
const carets: Repository = { 'package.json': { dependencies: versions(9, '^1.2.3') } }
const python: Repository = {
  'pyproject.toml': `[project]\nname = "x"\ndependencies = [\n${Array.from({ length: 9 }, (_, at) => `  "lib${at}==1.0.${at}"`).join(',\n')}\n]\n`,
  'tool/requirements.txt': 'My_Lib==2.0.0\n',
}

const add = (...dependencies: { name: string; version?: string; manifest?: string }[]): SpecInput => ({ dependencies })
const RULES = [
  'manifest_missing',
  'dependency_present',
  'dependency_version_conflict',
  'dependency_range_convention',
] as const

const CASES: readonly (readonly [title: string, of: Repository, plan: SpecInput, expected: readonly string[]])[] = [
  ['takes a new package', pinned, add({ name: 'hono', version: '4.0.0' }), []],
  [
    'names the version that others have',
    pinned,
    add({ name: 'react', version: '18.0.0' }),
    [
      'warning dependency_version_conflict package.json: Use `19.1.0` for `react`, or raise it in `packages/app/package.json`, `packages/ui/package.json` as well.',
    ],
  ],
  [
    'names it when the plan has none',
    pinned,
    add({ name: 'react' }),
    ['info dependency_present package.json: Use `19.1.0` for `react`.'],
  ],
  [
    'mentions what is there',
    pinned,
    add({ name: 'package-1', version: '1.2.3' }),
    ['info dependency_present package.json: Take `package-1` out of `dependencies`.'],
  ],
  [
    'mentions what is raised, and what is left behind',
    pinned,
    add({ name: 'react', version: '19.2.0', manifest: 'packages/ui/package.json' }),
    [
      'warning dependency_version_conflict packages/ui/package.json: Raise `react` to `19.2.0` in `packages/app/package.json` as well, or keep `19.1.0`.',
      'info dependency_present packages/ui/package.json: Change `19.1.0` to `19.2.0` there.',
    ],
  ],
  ['does not compare with what peers may have', pinned, add({ name: 'zod', version: '4.0.0' }), []],
  [
    'refuses a manifest that is missing',
    pinned,
    add({ name: 'hono', manifest: 'packages/app/src/package.json' }),
    [
      'error manifest_missing packages/app/src/package.json: Use `packages/app/package.json` as `manifest` of `hono`, or list `packages/app/src/package.json` in `create`.',
    ],
  ],
  [
    'refuses a root without a manifest',
    { 'a/package.json': {} },
    add({ name: 'hono' }),
    ['error manifest_missing -: Use `a/package.json` as `manifest` of `hono`.'],
  ],
  [
    'refuses a manifest that is deleted',
    carets,
    { ...add({ name: 'hono', manifest: 'package.json' }), delete: ['package.json'] },
    ['error manifest_missing package.json: List `package.json` in `create`.'],
  ],
  [
    'takes a manifest that the plan creates',
    pinned,
    {
      ...add({ name: 'hono', version: '4.0.0', manifest: 'new/package.json' }),
      create: [{ path: 'new/package.json' }],
    },
    [],
  ],
  [
    'warns of a range among exact versions',
    pinned,
    add({ name: 'hono', version: '^4.0.0' }),
    ['warning dependency_range_convention package.json: Use `4.0.0` for `hono`.'],
  ],
  [
    'warns of a range of two versions',
    pinned,
    add({ name: 'hono', version: '>=4 <6' }),
    ['warning dependency_range_convention package.json: Use one of the exact versions for `hono`.'],
  ],
  [
    'warns of an exact version among ranges',
    carets,
    add({ name: 'hono', version: '4.0.0' }),
    ['warning dependency_range_convention package.json: Use `^4.0.0` for `hono`.'],
  ],
  [
    'names the version that is there rather than one in another style',
    pinned,
    add({ name: 'package-1', version: '^1.0.0' }),
    [
      'warning dependency_range_convention package.json: Use `1.2.3` for `package-1`.',
      'info dependency_present package.json: Change `1.2.3` to `^1.0.0` there.',
    ],
  ],
  ['leaves packages of the workspace alone', pinned, add({ name: '@acme/ui', version: 'workspace:*' }), []],
  [
    'takes names of Python as Python does',
    python,
    add({ name: 'my-lib', version: '==3.0.0' }),
    [
      'warning dependency_version_conflict pyproject.toml: Use `==2.0.0` for `my-lib`, or raise it in `tool/requirements.txt` as well.',
    ],
  ],
  [
    'warns of a range in Python',
    python,
    add({ name: 'other', version: '>=1.0' }),
    ['warning dependency_range_convention pyproject.toml: Use `==1.0` for `other`.'],
  ],
  [
    'refuses two versions in one plan',
    pinned,
    add({ name: 'hono', version: '4.0.0' }, { name: 'hono', version: '4.1.0' }),
    ['error dependency_version_conflict -: Use one version of `hono`, such as `4.0.0`.'],
  ],
  [
    'survives names of prototypes',
    pinned,
    add({ name: '__proto__', version: '1.0.0' }, { name: 'constructor', version: '1.0.0' }),
    [],
  ],
]

it.each(CASES)('%s', async (_, repository, plan, expected) => {
  expect(await found(repository, plan, RULES)).toEqual(expected)
})

it('says which manifests it can not read', async () => {
  const { findings, unknown } = await check(pinned, add({ name: 'x', manifest: 'go.mod' }))
  expect(findings).toEqual([])
  expect(unknown.map(({ path }) => path)).toEqual(['go.mod'])
})

it.each([
  ['1.2.3', 'exact'],
  ['==1.2', 'exact'],
  ['^1.2', 'caret'],
  ['~1.2.3-beta.1', 'tilde'],
  ['>= 1.0', 'minimum'],
  ['~=1.4', 'compatible'],
  ['1.x', 'other'],
  ['^1 || ^2', 'other'],
  ['>=1,<2', 'other'],
  ['workspace:*', null],
  ['catalog:', null],
  ['latest', null],
  ['*', null],
  ['github:a/b', null],
])('reads the range %s', (range, style) => {
  expect(versionStyleOf(range)).toBe(style)
})

it('compares ranges without blanks', () => {
  expect(isSameRange('>= 1.0, < 2', '>=1.0,<2')).toBe(true)
  expect(isSameRange('v1.0.0', '=1.0.0')).toBe(true)
  expect(isSameRange('^1.0.0', '1.0.0')).toBe(false)
  expect(withStyle('^1.2.3', 'exact', 'python')).toBe('==1.2.3')
})
