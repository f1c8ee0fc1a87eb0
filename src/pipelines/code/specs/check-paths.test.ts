import { expect, it } from 'vitest'
import { check, found, type SpecInput } from './spec-fixture.ts'

const REPOSITORY = {
  'src/app/start.ts': '',
  'src/app/settings.ts': '',
  'src/db/Pool.ts': '',
  'src/db/pool-size.tsx': '',
  'docs/README.md': '',
}

const RULES = [
  'modify_missing_file',
  'delete_missing_file',
  'create_existing_file',
  'path_case_clash',
  'conflicting_actions',
] as const

const CASES: readonly (readonly [title: string, plan: SpecInput, expected: readonly string[]])[] = [
  [
    'says nothing of a plan that fits',
    { create: [{ path: 'src/app/stop.ts' }], modify: [{ path: 'src/app/start.ts' }], delete: ['docs/README.md'] },
    [],
  ],
  [
    'names the file of the same name elsewhere',
    { modify: [{ path: 'src/start.ts' }] },
    ['error modify_missing_file src/start.ts: Use `src/app/start.ts`, or move `src/start.ts` to `create`.'],
  ],
  [
    'names the file that is a letter away',
    { delete: ['src/app/setings.ts'] },
    ['error delete_missing_file src/app/setings.ts: Use `src/app/settings.ts`.'],
  ],
  [
    'names the file with another extension',
    { modify: [{ path: 'src/db/pool-size.ts' }] },
    [
      'error modify_missing_file src/db/pool-size.ts: Use `src/db/pool-size.tsx`, or move `src/db/pool-size.ts` to `create`.',
    ],
  ],
  [
    'names the file in another case',
    { delete: ['src/db/pool.ts'] },
    ['error delete_missing_file src/db/pool.ts: Use `src/db/Pool.ts`.'],
  ],
  [
    'reads backslashes as slashes',
    { delete: ['src\\app\\start.ts'] },
    ['error delete_missing_file src\\app\\start.ts: Use `src/app/start.ts`.'],
  ],
  [
    'asks for the files of a folder',
    { delete: ['src/app'] },
    ['error delete_missing_file src/app: List the files in `src/app` that are to be deleted.'],
  ],
  [
    'knows nothing near',
    { modify: [{ path: 'zzzzzz/qqqqqqq.rs' }] },
    ['error modify_missing_file zzzzzz/qqqqqqq.rs: Move `zzzzzz/qqqqqqq.rs` to `create`.'],
  ],
  [
    'refuses to create what exists',
    { create: [{ path: 'src/app/start.ts' }] },
    ['error create_existing_file src/app/start.ts: Move `src/app/start.ts` to `modify`, or choose another name.'],
  ],
  [
    'refuses a file in place of a folder',
    { create: [{ path: 'src/app' }] },
    ['error create_existing_file src/app: Create the file inside `src/app`, or choose another name.'],
  ],
  [
    'refuses a folder in place of a file',
    { create: [{ path: 'src/app/start.ts/x.ts' }] },
    [
      'error create_existing_file src/app/start.ts/x.ts: Choose another folder than `src/app/start.ts`, or delete that file first.',
    ],
  ],
  [
    'refuses a name that differs in case alone',
    { create: [{ path: 'src/db/pool.ts' }] },
    ['error path_case_clash src/db/pool.ts: Use `src/db/Pool.ts`, or a name that differs in more than case.'],
  ],
  [
    'lets case be changed, with care',
    { create: [{ path: 'src/db/pool.ts' }], delete: ['src/db/Pool.ts'] },
    [
      'info path_case_clash src/db/pool.ts: Rename it by `git mv src/db/Pool.ts src/db/pool.ts`: on systems that ignore case the deletion may remove both.',
    ],
  ],
  [
    'refuses two new names that differ in case alone',
    { create: [{ path: 'a/B.ts' }, { path: 'a/b.ts' }] },
    ['error path_case_clash a/b.ts: Keep one of `a/B.ts`, `a/b.ts`.'],
  ],
  [
    'warns of a folder that differs in case alone',
    { create: [{ path: 'src/App/new.ts' }] },
    ['warning path_case_clash src/App/new.ts: Create `src/app/new.ts`.'],
  ],
  [
    'refuses two actions on a path',
    { create: [{ path: 'x.ts' }], modify: [{ path: 'x.ts' }] },
    ['error conflicting_actions x.ts: Keep `x.ts` in one of `create`, `modify`.'],
  ],
  [
    'explains how to replace or move',
    { create: [{ path: 'docs/README.md' }], delete: ['docs/README.md'] },
    [
      'error conflicting_actions docs/README.md: To replace its text list `docs/README.md` in `modify` alone; to move it create another path.',
      'error create_existing_file docs/README.md: Move `docs/README.md` to `modify`, or choose another name.',
    ],
  ],
  [
    'refuses a test that is deleted',
    { delete: ['src/app/start.ts'], tests: [{ path: 'src/app/start.ts' }] },
    ['error conflicting_actions src/app/start.ts: Keep `src/app/start.ts` in one of `delete`, `tests`.'],
  ],
  [
    'mentions what is listed twice',
    { delete: ['docs/README.md', 'docs/README.md'] },
    ['info conflicting_actions docs/README.md: List it once.'],
  ],
  ['takes a created migration as one', { create: [{ path: 'm/1.sql' }], migrations: ['m/1.sql'] }, []],
]

it.each(CASES)('%s', async (_, plan, expected) => {
  expect(await found(REPOSITORY, plan, RULES)).toEqual(expected)
})

it('says that a file which was not indexed is unknown, not missing', async () => {
  const gaps = new Map([['big.json', { reason: 'file_not_indexed' as const, detail: 'Over 1 MB.' }]])
  const { findings, unknown } = await check(REPOSITORY, { modify: [{ path: 'big.json' }] }, gaps)
  expect(findings).toEqual([])
  expect(unknown).toEqual([{ path: 'big.json', reason: 'file_not_indexed', detail: 'Over 1 MB.' }])
})

it('shows where the nearest file is', async () => {
  const { findings } = await check(REPOSITORY, { modify: [{ path: 'src/start.ts' }] })
  expect(findings[0]?.evidence).toEqual([
    { path: 'src/app/start.ts', line: null, text: 'The nearest file that exists' },
  ])
})
