import { expect, it } from 'vitest'
import { found, type Repository, type SpecInput, wordOf } from './spec-fixture.ts'

function pairs(...names: readonly ((word: string) => string)[]): Repository {
  return Object.fromEntries(Array.from({ length: 6 }, (_, at) => names.map((name) => [name(wordOf(at)), ''])).flat())
}

const beside = pairs(
  (word) => `src/${word}.ts`,
  (word) => `src/${word}.test.ts`,
)
const nested = pairs(
  (word) => `src/${word}.ts`,
  (word) => `src/__tests__/${word}.spec.ts`,
)
const mirror = pairs(
  (word) => `src/core/${word}.ts`,
  (word) => `test/core/${word}.test.ts`,
)
const python = pairs(
  (word) => `pkg/${word}.py`,
  (word) => `tests/test_${word}.py`,
)
const golang = pairs(
  (word) => `pkg/${word}.go`,
  (word) => `pkg/${word}_test.go`,
)

const plan = (source: string, test?: string, covers?: readonly string[]): SpecInput => ({
  create: [{ path: source }],
  ...(test === undefined ? {} : { tests: [{ path: test, ...(covers === undefined ? {} : { covers: [...covers] }) }] }),
})

const RULES = ['test_name_convention', 'test_place_convention', 'test_missing', 'test_target_missing'] as const
const CASES: readonly (readonly [title: string, of: Repository, plan: SpecInput, expected: readonly string[]])[] = [
  ['takes a test beside its source', beside, plan('src/new.ts', 'src/new.test.ts'), []],
  [
    'renames a test',
    beside,
    plan('src/new.ts', 'src/new.spec.ts'),
    ['warning test_name_convention src/new.spec.ts: Call it `src/new.test.ts`.'],
  ],
  [
    'moves a test beside its source',
    beside,
    plan('src/new.ts', 'test/new.test.ts'),
    ['warning test_place_convention test/new.test.ts: Create it as `src/new.test.ts`.'],
  ],
  ['takes a test in its folder', nested, plan('src/new.ts', 'src/__tests__/new.spec.ts'), []],
  [
    'moves a test to its folder',
    nested,
    plan('src/new.ts', 'src/new.spec.ts'),
    ['warning test_place_convention src/new.spec.ts: Create it as `src/__tests__/new.spec.ts`.'],
  ],
  ['takes a test in a mirror of the sources', mirror, plan('src/core/new.ts', 'test/core/new.test.ts'), []],
  [
    'moves a test to the mirror',
    mirror,
    plan('src/core/new.ts', 'src/core/new.test.ts'),
    ['warning test_place_convention src/core/new.test.ts: Create it as `test/core/new.test.ts`.'],
  ],
  ['takes tests of Python', python, plan('pkg/new.py', 'tests/test_new.py'), []],
  [
    'renames tests of Python',
    python,
    plan('pkg/new.py', 'tests/new_test.py'),
    ['warning test_name_convention tests/new_test.py: Call it `tests/test_new.py`.'],
  ],
  [
    'moves tests of Python',
    python,
    plan('pkg/new.py', 'pkg/test_new.py'),
    ['warning test_place_convention pkg/test_new.py: Create it as `tests/test_new.py`.'],
  ],
  [
    'moves a test that is called after a source, though others stand where it is',
    { ...beside, 'test/flow.test.ts': '' },
    plan('src/new.ts', 'test/new.test.ts'),
    ['warning test_place_convention test/new.test.ts: Create it as `src/new.test.ts`.'],
  ],
  ['leaves what tests share', python, plan('pkg/__init__.py', 'tests/conftest.py'), []],
  [
    'learns no place of the tests of two files',
    beside,
    plan('src/new.ts', 'test/flow.test.ts', ['src/new.ts', 'src/red.ts']),
    [],
  ],
  [
    'knows other languages',
    golang,
    plan('pkg/new.go'),
    [
      'warning test_missing pkg/new.go: Add `pkg/new_test.go` to `tests`, or name `pkg/new.go` in `covers` of the test that is for it.',
    ],
  ],
  [
    'asks for a test of a created file',
    mirror,
    plan('src/core/new.ts'),
    [
      'warning test_missing src/core/new.ts: Add `test/core/new.test.ts` to `tests`, or name `src/core/new.ts` in `covers` of the test that is for it.',
    ],
  ],
  ['takes a test that covers it', beside, plan('src/new.ts', 'src/whole.test.ts', ['src/new.ts']), []],
  [
    'asks softly when a test may be for anything',
    beside,
    plan('src/new.ts', 'src/whole.test.ts'),
    [
      'info test_missing src/new.ts: Add `src/new.test.ts` to `tests`, or name `src/new.ts` in `covers` of the test that is for it.',
    ],
  ],
  [
    'asks for no test of types, configuration and documents',
    beside,
    {
      create: [
        'src/types.ts',
        'src/a.d.ts',
        'src/vite.config.ts',
        'docs/x.ts',
        'src/db/migrations/0001_a.ts',
        'x.md',
        'src/index.ts',
      ].map((path) => ({ path })),
    },
    [],
  ],
  ['asks for no test where there are none', { 'src/a.ts': '' }, plan('src/new.ts'), []],
  [
    'mentions a modified file without a test',
    { ...beside, 'src/lone.ts': '' },
    { modify: [{ path: 'src/lone.ts' }, { path: 'src/red.ts' }] },
    ['info test_missing src/lone.ts: Add `src/lone.test.ts` to `tests`.'],
  ],
  [
    'counts a test that imports it',
    { ...beside, 'src/lone.ts': '', 'src/all.test.ts': "import './lone.ts'" },
    { modify: [{ path: 'src/lone.ts' }] },
    [],
  ],
  [
    'does not count a test that is deleted',
    beside,
    { modify: [{ path: 'src/red.ts' }], delete: ['src/red.test.ts'] },
    ['info test_missing src/red.ts: Add `src/red.test.ts` to `tests`.'],
  ],
  [
    'warns of a test for nothing',
    beside,
    { tests: [{ path: 'src/red.test.ts', covers: ['src/redd.ts'] }] },
    ['warning test_target_missing src/red.test.ts: Use `src/red.ts` in `covers`.'],
  ],
  [
    'warns of a test for what is deleted',
    beside,
    { tests: [{ path: 'src/red.test.ts', covers: ['src/red.ts'] }], delete: ['src/red.ts'] },
    ['warning test_target_missing src/red.test.ts: List `src/red.ts` in `create`, or take it out of `covers`.'],
  ],
]

it.each(CASES)('%s', async (_, repository, input, expected) => {
  expect(await found(repository, input, RULES)).toEqual(expected)
})
