import { expect, it } from 'vitest'
import { check, found, type SpecInput } from './spec-fixture.ts'

const REPOSITORY = {
  'src/app.ts': 'export function createApp() {}\nexport class App {\n  listen() {}\n}\nfunction hidden() {}\n',
  'src/pool.ts': "import { createApp } from './app.ts'\nexport const pool = createApp()\n",
  'src/index.ts': "export { createApp } from './app.ts'\nexport * from './pool.ts'\n",
  'src/cli.ts': "import { createApp } from './index.ts'\nimport * as all from './pool.ts'\ncreateApp(all)\n",
  'src/old.ts': 'export const old = 1\n',
  'lib/util.py': 'def load_all():\n    pass\n\nclass Store:\n    def get(self):\n        pass\n',
  'lib/main.py': 'from lib.util import load_all\n',
}

const RULES = ['symbol_missing', 'symbol_exists', 'symbol_in_use', 'deleted_file_imported'] as const
const CASES: readonly (readonly [title: string, plan: SpecInput, expected: readonly string[]])[] = [
  [
    'finds functions, members and Python',
    {
      symbols: [
        { name: 'createApp' },
        { name: 'App.listen' },
        { name: 'Store.get', path: 'lib/util.py' },
        { name: 'hidden', path: 'src/app.ts' },
      ],
    },
    [],
  ],
  [
    'suggests a similar name',
    { symbols: [{ name: 'creatApp' }] },
    ['error symbol_missing -: Use `createApp` of `src/app.ts`.'],
  ],
  [
    'suggests the member that is meant',
    { symbols: [{ name: 'listen' }] },
    ['error symbol_missing -: Use `App.listen` of `src/app.ts`.'],
  ],
  [
    'suggests another case',
    { symbols: [{ name: 'Load_All' }] },
    ['error symbol_missing -: Use `load_all` of `lib/util.py`.'],
  ],
  [
    'suggests to create what nothing is like',
    { symbols: [{ name: 'transmogrify', action: 'modify' }] },
    ['error symbol_missing -: Create `transmogrify` in the plan (action `create`), or correct its name.'],
  ],
  [
    'says where else a symbol is defined',
    { symbols: [{ name: 'pool', path: 'src/app.ts' }] },
    ['error symbol_missing src/app.ts: Name `src/pool.ts` as its path, where it is defined.'],
  ],
  [
    'checks the symbols of modified files',
    { modify: [{ path: 'src/app.ts', symbols: ['App', 'Aps'] }] },
    ['error symbol_missing src/app.ts: Use `App` of `src/app.ts`.'],
  ],
  [
    'lets a symbol be used where it is passed on',
    {
      symbols: [
        { name: 'createApp', path: 'src/index.ts' },
        { name: 'pool', path: 'src/index.ts' },
      ],
    },
    [],
  ],
  [
    'does not let it be modified there',
    { symbols: [{ name: 'pool', path: 'src/index.ts', action: 'modify' }] },
    ['error symbol_missing src/index.ts: Name `src/pool.ts` as its path, where it is defined.'],
  ],
  [
    'knows what the plan creates',
    {
      create: [{ path: 'src/new.ts', symbols: ['brandNew'] }],
      symbols: [
        { name: 'brandNew' },
        { name: 'other', action: 'create', path: 'src/app.ts' },
        { name: 'other', path: 'src/app.ts' },
      ],
    },
    [],
  ],
  [
    'asks for what a created file is to have',
    { create: [{ path: 'src/new.ts', symbols: ['one'] }], symbols: [{ name: 'two', path: 'src/new.ts' }] },
    ['error symbol_missing src/new.ts: Add `two` to the `symbols` of `src/new.ts`.'],
  ],
  [
    'takes a created file without symbols as it is',
    { create: [{ path: 'src/new.ts' }], symbols: [{ name: 'two', path: 'src/new.ts' }] },
    [],
  ],
  [
    'refuses what only a deleted file defines',
    { delete: ['src/old.ts'], symbols: [{ name: 'old' }] },
    ['error symbol_missing src/old.ts: Keep `src/old.ts`, or create `old` elsewhere and list it in `symbols`.'],
  ],
  [
    'refuses a symbol of a file that is not there',
    { symbols: [{ name: 'pool', path: 'src/none.ts' }] },
    ['error symbol_missing src/none.ts: Name `src/pool.ts` as its path, where it is defined.'],
  ],
  [
    'refuses to create what the file has',
    { symbols: [{ name: 'createApp', path: 'src/app.ts', action: 'create' }] },
    ['error symbol_exists src/app.ts: Use action `modify` for `createApp`, or another name.'],
  ],
  [
    'mentions what another file exports',
    { create: [{ path: 'src/new.ts', symbols: ['createApp', 'hidden'] }] },
    ['info symbol_exists src/new.ts: Use `createApp` of `src/app.ts` if it does the same, or another name.'],
  ],
  [
    'lets a symbol be moved out of a deleted file',
    { create: [{ path: 'src/new.ts', symbols: ['old'] }], delete: ['src/old.ts'] },
    [],
  ],
  [
    'refuses to delete a file that others import',
    { delete: ['lib/util.py'] },
    [
      'error deleted_file_imported lib/util.py: Add `lib/main.py` to `modify` without the import, or keep `lib/util.py`.',
    ],
  ],
  [
    'lets a file be deleted when its importers change',
    { delete: ['lib/util.py'], modify: [{ path: 'lib/main.py' }] },
    [],
  ],
  [
    'refuses to delete a symbol that others import',
    { symbols: [{ name: 'load_all', path: 'lib/util.py', action: 'delete' }] },
    ['error symbol_in_use lib/util.py: Add `lib/main.py` to `modify`, or keep `load_all`.'],
  ],
  [
    'follows a symbol through files that pass it on',
    { symbols: [{ name: 'createApp', action: 'delete' }], modify: [{ path: 'src/index.ts' }, { path: 'src/pool.ts' }] },
    ['error symbol_in_use src/app.ts: Add `src/cli.ts` to `modify`, or keep `createApp`.'],
  ],
  [
    'warns when all of a module is imported',
    { symbols: [{ name: 'pool', action: 'delete' }] },
    ['warning symbol_in_use src/pool.ts: Add `src/cli.ts` to `modify`, or keep `pool`.'],
  ],
  [
    'lets a symbol be deleted that nobody imports',
    {
      symbols: [
        { name: 'App', action: 'delete' },
        { name: 'hidden', action: 'delete' },
      ],
    },
    [],
  ],
  [
    'survives names of prototypes',
    {
      create: [{ path: '__proto__', symbols: ['constructor'] }],
      symbols: [{ name: '__proto__' }, { name: 'toString', path: '__proto__' }],
    },
    [
      'error symbol_missing -: Create `__proto__` in the plan (action `create`), or correct its name.',
      'error symbol_missing __proto__: Add `toString` to the `symbols` of `__proto__`.',
    ],
  ],
]

it.each(CASES)('%s', async (_, plan, expected) => {
  expect(await found(REPOSITORY, plan, RULES)).toEqual(expected)
})

it('shows the lines of imports', async () => {
  const { findings } = await check(REPOSITORY, { delete: ['src/app.ts'] })
  expect(findings[0]?.evidence).toEqual([
    { path: 'src/index.ts', line: 1, text: "Imports createApp from './app.ts'" },
    { path: 'src/pool.ts', line: 1, text: "Imports createApp from './app.ts'" },
  ])
})

it('does not swear to a missing symbol where a language is not known', async () => {
  const plan = { symbols: [{ name: 'Serve' }, { name: 'Run', path: 'cmd/main.go' }], delete: ['cmd/main.go'] }
  const { findings, unknown } = await check({ ...REPOSITORY, 'cmd/main.go': 'package main' }, plan)
  expect(
    findings.filter(({ rule }) => rule === 'symbol_missing').map(({ severity, path }) => [severity, path]),
  ).toEqual([['warning', null]])
  expect(new Set(unknown.map(({ path, reason }) => `${path} ${reason}`))).toEqual(
    new Set(['cmd/main.go language_unsupported', 'null symbol_unknown']),
  )
})
