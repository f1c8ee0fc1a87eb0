import { expect, it } from 'vitest'
import { check, filesNamed, found, type SpecInput } from './spec-fixture.ts'

const REPOSITORY = {
  'package.json': { name: 'root', workspaces: ['packages/*'], dependencies: { zod: '^4.0.0' } },
  'packages/ui/package.json': { name: '@acme/ui', main: 'src/index.ts', dependencies: { react: '^19.0.0' } },
  'packages/ui/src/index.ts': "export { button } from './button.ts'\n",
  'packages/ui/src/button.ts': 'export const button = 1\n',
  'src/a.ts': "import './b.ts'\n",
  'src/b.ts': "import './c.ts'\n",
  'src/c.ts': "import type { x } from './types.ts'\n",
  'src/types.ts': "import './a.ts'\nexport type x = 1\n",
  'app/__init__.py': '',
  'app/models.py': 'from app.db import connect\n',
  'app/db.py': 'def connect():\n    pass\n',
}

const importing = (path: string, ...imports: string[]): SpecInput => ({ create: [{ path, imports }] })

const CASES: readonly (readonly [title: string, plan: SpecInput, expected: readonly string[]])[] = [
  [
    'resolves files, packages, built-in modules and members',
    importing('src/new.ts', './a.ts', 'zod', 'node:fs', '@acme/ui', 'zod/v4'),
    [],
  ],
  [
    'resolves files that the plan creates',
    { create: [{ path: 'src/x.ts', imports: ['./y.ts'] }, { path: 'src/y.ts' }] },
    [],
  ],
  ['resolves Python', importing('app/views.py', 'app.models', '.db', 'json'), []],
  [
    'suggests the nearest file',
    importing('src/new.ts', './button'),
    [
      "error import_unresolved src/new.ts: Import '../packages/ui/src/button.ts', or list the missing file in `create`.",
    ],
  ],
  [
    'knows no file at all',
    importing('src/new.ts', './qqqqqqqqqqq.ts'),
    [
      "error import_unresolved src/new.ts: List the file that './qqqqqqqqqqq.ts' means in `create`, or take the import out.",
    ],
  ],
  [
    'refuses a package that no manifest has',
    importing('src/new.ts', 'left-pad/lib'),
    ['error import_unresolved src/new.ts: Add `left-pad` for `package.json` to `dependencies`.'],
  ],
  [
    'names the version that another manifest has',
    importing('src/new.ts', 'react'),
    ['error import_unresolved src/new.ts: Add `react` with version `^19.0.0` for `package.json` to `dependencies`.'],
  ],
  [
    'takes a package that the plan adds',
    {
      ...importing('packages/ui/src/new.ts', '@scope/left-pad/x'),
      dependencies: [{ name: '@scope/left-pad', manifest: 'packages/ui/package.json' }],
    },
    [],
  ],
  [
    'does not take one that it adds elsewhere',
    {
      ...importing('src/new.ts', 'left-pad'),
      dependencies: [{ name: 'left-pad', manifest: 'packages/ui/package.json' }],
    },
    ['error import_unresolved src/new.ts: Add `left-pad` for `package.json` to `dependencies`.'],
  ],
  [
    'warns of a cycle',
    { modify: [{ path: 'src/c.ts', imports: ['./a.ts'] }] },
    [
      'warning import_cycle src/c.ts: Move what `src/c.ts` needs from `src/a.ts` to a file that neither of them imports back, import it as types alone, or drop the import in `src/b.ts`.',
    ],
  ],
  [
    'warns of a cycle through a file that the plan creates',
    { create: [{ path: 'src/d.ts', imports: ['./a.ts'] }], modify: [{ path: 'src/c.ts', imports: ['./d.ts'] }] },
    [
      'warning import_cycle src/c.ts: Move what `src/c.ts` needs from `src/d.ts` to a file that neither of them imports back, import it as types alone, or drop the import in `src/b.ts`.',
    ],
  ],
  [
    'warns of a file that imports itself',
    { modify: [{ path: 'src/c.ts', imports: ['./c.ts'] }] },
    ["warning import_cycle src/c.ts: Take './c.ts' out of the imports of `src/c.ts`."],
  ],
  [
    'does not walk through deleted files',
    { modify: [{ path: 'src/c.ts', imports: ['./a.ts'] }], delete: ['src/b.ts'] },
    [],
  ],
  ['does not walk through imports of types', { modify: [{ path: 'src/types.ts', imports: ['./b.ts'] }] }, []],
  [
    'warns of a cycle in Python',
    { modify: [{ path: 'app/db.py', imports: ['app.models'] }] },
    [
      'warning import_cycle app/db.py: Move what `app/db.py` needs from `app/models.py` to a file that neither of them imports back, import it as types alone, or drop the import in `app/models.py`.',
    ],
  ],
]

it.each(CASES)('%s', async (_, plan, expected) => {
  expect(await found(REPOSITORY, plan, ['import_unresolved', 'import_cycle'])).toEqual(expected)
})

it('says that the plan deletes what is imported', async () => {
  const { findings } = await check(REPOSITORY, {
    modify: [{ path: 'src/c.ts', imports: ['./b.ts'] }],
    delete: ['src/b.ts'],
  })
  expect(findings.find(({ rule }) => rule === 'import_unresolved')).toMatchObject({
    severity: 'error',
    message: "'./b.ts', which `src/c.ts` is to import, leads to `src/b.ts`, which the plan deletes.",
    evidence: [{ path: 'src/b.ts', line: null, text: 'Deleted by the plan' }],
  })
})

it('shows a cycle import by import', async () => {
  const { findings } = await check(REPOSITORY, { modify: [{ path: 'src/c.ts', imports: ['./a.ts'] }] })
  expect(findings.find(({ rule }) => rule === 'import_cycle')?.evidence).toEqual([
    { path: 'src/c.ts', line: null, text: "Is to import './a.ts' (`src/a.ts`)" },
    { path: 'src/a.ts', line: 1, text: "Imports './b.ts' (`src/b.ts`)" },
    { path: 'src/b.ts', line: 1, text: "Imports './c.ts' (`src/c.ts`)" },
  ])
})

it('does not guess at imports in a language without a graph', async () => {
  const { findings, unknown, checked } = await check(REPOSITORY, importing('cmd/main.go', 'fmt'))
  expect(findings.filter(({ rule }) => rule.startsWith('import'))).toEqual([])
  expect(unknown).toEqual([
    {
      path: 'cmd/main.go',
      reason: 'language_unsupported',
      detail: 'Its imports could not be checked: there is no graph for the language go.',
    },
  ])
  expect(checked).not.toContain('import_unresolved')
})

const sources = (ending: string, extension: string): Record<string, string> => ({
  ...filesNamed(10, (at) => `src/m${at}.${extension}`),
  ...Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`src/use${at}.ts`, `import './m${at}${ending}'\n`])),
  'src/deep/index.ts': '',
})
const aliased = {
  'tsconfig.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
  ...filesNamed(10, (at) => `src/lib/m${at}.ts`),
  ...Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`src/ui/use${at}.ts`, `import '@/lib/m${at}'\n`])),
}

it.each([
  ['without an extension', sources('', 'ts'), 'src/new.ts', './m1.ts', './m1'],
  ['with that of JavaScript', sources('.js', 'ts'), 'src/new.ts', './m1', './m1.js'],
  ['with that of TypeScript', sources('.ts', 'ts'), 'src/new.ts', './m1', './m1.ts'],
  ['with that of components', sources('.tsx', 'tsx'), 'src/new.ts', './m1', './m1.tsx'],
  ['with the index of a folder', sources('.ts', 'ts'), 'src/new.ts', './deep', './deep/index.ts'],
  ['by an alias', aliased, 'src/ui/new.ts', '../lib/m1', '@/lib/m1'],
])('warns when imports are written %s', async (_, repository, from, specifier, better) => {
  expect(await found(repository, importing(from, specifier), 'import_convention')).toEqual([
    `warning import_convention ${from}: Import '${better}'.`,
  ])
  expect(await found(repository, importing(from, better), 'import_convention')).toEqual([])
})

it('learns nothing from few imports', async () => {
  const { checked } = await check(REPOSITORY, importing('src/new.ts', './a'))
  expect(checked).not.toContain('import_convention')
})
