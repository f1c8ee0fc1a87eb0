import { describe, expect, it } from 'vitest'
import { type Case, type Repository, resolve, resolverOf } from '../javascript-fixture.ts'

interface Table {
  readonly about: string
  readonly repository: Repository
  readonly cases: readonly Case[]
}

const WORKSPACES: readonly Table[] = [
  {
    about: 'workspaces of a package.json',
    repository: {
      'package.json': { name: 'root', workspaces: ['./packages/*/', 'apps/{web,api}', '!packages/out'] },
      'packages/a/package.json': { name: 'a' },
      'packages/a/index.ts': '',
      'packages/a/deep/package.json': { name: 'deep' },
      'packages/a/deep/index.ts': '',
      'packages/out/package.json': { name: 'out' },
      'packages/out/index.ts': '',
      'packages/bad/package.json': '{ "name": ',
      'apps/api/package.json': { name: 'api', main: 'server.js' },
      'apps/api/server.js': '',
      'index.ts': '',
    },
    cases: [
      ['apps/web/x.ts', 'a', 'packages/a/index.ts'],
      ['apps/web/x.ts', 'api', 'apps/api/server.js'],
      ['apps/web/x.ts', 'deep', 'undeclared deep'],
      ['apps/web/x.ts', 'out', 'undeclared out'],
      ['packages/a/x.ts', 'a/index', 'packages/a/index.ts'],
      ['packages/out/x.ts', 'out', 'packages/out/index.ts'],
      ['apps/web/x.ts', '../../node_modules/a/index.js', 'packages/a/index.ts'],
      ['x.ts', 'root', 'index.ts'],
    ],
  },
  {
    about: 'the root is no member by a plain version, as it may have the name of what it publishes',
    repository: {
      'package.json': { name: 'root', workspaces: { packages: ['packages/*'] } },
      'index.ts': '',
      'packages/a/package.json': { dependencies: { root: '^3.0.0' } },
      'packages/b/package.json': { dependencies: { root: 'workspace:*' } },
    },
    cases: [
      ['packages/a/x.ts', 'root', 'external root'],
      ['packages/b/x.ts', 'root', 'index.ts'],
    ],
  },
  {
    about: 'pnpm-workspace.yaml',
    repository: {
      'js/pnpm-workspace.yaml': "packages:\n  - 'packages/**'\n  - '!**/test/**'\n",
      'js/packages/x/y/package.json': { name: 'y' },
      'js/packages/x/y/index.ts': '',
      'js/packages/x/test/z/package.json': { name: 'z' },
      'js/packages/x/test/z/index.ts': '',
      'js/packages/c/package.json': { dependencies: { alias: 'workspace:y@*' } },
    },
    cases: [
      ['js/packages/b/x.ts', 'y', 'js/packages/x/y/index.ts'],
      ['js/packages/b/x.ts', 'z', 'undeclared z'],
      ['js/packages/c/x.ts', 'alias', 'js/packages/x/y/index.ts'],
      ['outside/x.ts', 'y', 'undeclared y'],
    ],
  },
  {
    about: 'lerna.json and rush.json',
    repository: {
      'lerna.json': { packages: ['modules/*'] },
      'rush.json': '{ /* comment */ "projects": [{ "packageName": "tool", "projectFolder": "tools/tool" }] }',
      'modules/a/package.json': { name: 'a', main: './index.js' },
      'modules/a/index.ts': '',
      'tools/tool/package.json': { name: 'tool' },
      'tools/tool/src/index.ts': '',
    },
    cases: [
      ['x.ts', 'a', 'modules/a/index.ts'],
      ['x.ts', 'tool', 'tools/tool/src/index.ts'],
    ],
  },
  {
    about: 'dependencies by a path, where no workspace is declared',
    repository: {
      'app/package.json': { dependencies: { a: 'file:../a', b: 'link:../b', c: 'portal:../c/', d: 'file:../d.tgz' } },
      'a/package.json': { name: 'other' },
      'a/index.js': '',
      'b/package.json': { name: 'b' },
      'b/src/index.ts': '',
      'c/package.json': { name: 'c' },
      'c/sub.ts': '',
    },
    cases: [
      ['app/x.ts', 'a', 'a/index.js'],
      ['app/x.ts', 'b', 'b/src/index.ts'],
      ['app/x.ts', 'c/sub', 'c/sub.ts'],
      ['app/x.ts', 'c', 'not_found'],
      ['app/x.ts', 'd', 'external d'],
      ['x.ts', 'b', 'undeclared b'],
    ],
  },
]

describe.each(WORKSPACES)('members are those of $about', ({ repository, cases }) => {
  const files = resolverOf(repository)

  it.each(cases)('%s imports %s', (from, specifier, expected) => {
    expect(resolve(files, from, specifier)).toBe(expected)
  })
})

interface Member {
  readonly about: string
  readonly manifest: Readonly<Record<string, unknown>>
  readonly files: readonly string[]
  readonly expected: Readonly<Record<string, string>>
  readonly tsconfig?: unknown
}

const MEMBERS: readonly Member[] = [
  {
    about: 'exports as text',
    manifest: { exports: './a.ts' },
    files: ['a.ts', 'b.ts'],
    expected: { ui: 'a.ts', 'ui/b': '' },
  },
  {
    about: 'exports with nested conditions, the source before what is built',
    manifest: {
      exports: {
        '.': { import: { types: './dist/index.d.ts', default: './dist/index.js' }, source: './main/index.ts' },
        './custom': { '@acme/source': './main/custom.ts', default: './dist/custom.js' },
        './list': [{ unknown: './none.js' }, './dist/list.mjs'],
        './typed': { default: './built/typed.js', types: './main/typed.ts' },
        './css': './dist/theme.css',
        './data': './data.json',
        './none': './dist/none.js',
        './up': '../outside.ts',
      },
    },
    files: [
      'main/index.ts',
      'main/custom.ts',
      'src/list.ts',
      'main/typed.ts',
      'src/theme.scss',
      'data.json',
      'src/index.ts',
    ],
    expected: {
      ui: 'main/index.ts',
      'ui/custom': 'main/custom.ts',
      'ui/list': 'src/list.ts',
      'ui/typed': 'main/typed.ts',
      'ui/css': 'src/theme.scss',
      'ui/data': 'data.json',
      'ui/none': '',
      'ui/up': '',
      'ui/src/list': '',
    },
  },
  {
    about: 'patterns, of which the longest wins and null forbids',
    manifest: {
      exports: {
        './*': './dist/*.js',
        './icons/*.svg': './assets/*.svg',
        './hooks/*': { types: './dist/hooks/*.d.ts', default: './dist/hooks/*.mjs' },
        './internal/*': null,
        './folder/': './src/folder/',
      },
    },
    files: [
      'src/button.tsx',
      'src/a/b.ts',
      'assets/x.svg',
      'src/hooks/use-x.ts',
      'src/internal/y.ts',
      'src/folder/z.ts',
    ],
    expected: {
      'ui/button': 'src/button.tsx',
      'ui/a/b': 'src/a/b.ts',
      'ui/icons/x.svg': 'assets/x.svg',
      'ui/hooks/use-x': 'src/hooks/use-x.ts',
      'ui/internal/y': '',
      'ui/folder/z.js': 'src/folder/z.ts',
      'ui/../ui/button': '',
      ui: '',
    },
  },
  {
    about: 'main fields, of which a declaration is the last',
    manifest: { types: './types/index.d.ts', module: './dist/esm/index.mjs', main: 'dist/cjs/index.cjs' },
    files: ['types/index.d.ts', 'src/index.ts', 'src/sub.ts', 'lib/other.js', 'own/index.ts'],
    expected: {
      ui: 'src/index.ts',
      'ui/sub': 'src/sub.ts',
      'ui/other': 'lib/other.js',
      'ui/own': 'own/index.ts',
      'ui/dist/sub.js': 'src/sub.ts',
      'ui/dist/esm/sub': 'src/sub.ts',
      'ui/none': '',
    },
  },
  {
    about: 'a declaration where there is nothing else',
    manifest: { types: './index.d.ts' },
    files: ['index.d.ts'],
    expected: { ui: 'index.d.ts' },
  },
  {
    about: 'a build that stands in the commit',
    manifest: { main: 'dist/index.js' },
    files: ['dist/index.js', 'src/index.ts'],
    expected: { ui: 'dist/index.js' },
  },
  { about: 'no fields, the index', manifest: {}, files: ['index.tsx', 'src/index.ts'], expected: { ui: 'index.tsx' } },
  {
    about: 'a build that is called like the package',
    manifest: { main: 'dist/ui.umd.min.js' },
    files: ['src/index.js'],
    expected: { ui: 'src/index.js' },
  },
  {
    about: 'a build without src',
    manifest: { main: 'dist/src/index.js' },
    files: ['src/index.ts', 'prisma/seed.ts'],
    expected: { ui: 'src/index.ts', 'ui/dist/prisma/seed': 'prisma/seed.ts' },
  },
  {
    about: 'outDir and rootDir of its configuration',
    manifest: { exports: { '.': './target/main.js', './sub': './target/sub/index.js' } },
    tsconfig: { compilerOptions: { outDir: './target', rootDir: './code' } },
    files: ['code/main.ts', 'code/sub/index.ts', 'src/main.ts'],
    expected: { ui: 'code/main.ts', 'ui/sub': 'code/sub/index.ts' },
  },
]

describe.each(MEMBERS)('a member is found by $about', ({ manifest, files, expected, tsconfig }) => {
  const repository: Record<string, unknown> = {
    'package.json': { workspaces: ['packages/*'] },
    'outside.ts': '',
    'packages/ui/package.json': { name: 'ui', ...manifest },
    ...(tsconfig === undefined ? {} : { 'packages/ui/tsconfig.json': tsconfig }),
  }
  for (const file of files) repository[`packages/ui/${file}`] = ''
  const resolver = resolverOf(repository)

  it.each(Object.entries(expected))('%s', (specifier, path) => {
    expect(resolve(resolver, 'apps/x.ts', specifier)).toBe(path === '' ? 'not_found' : `packages/ui/${path}`)
  })
})

it('exports forbid nothing where TypeScript does not look at them', () => {
  const files = resolverOf({
    'package.json': { workspaces: ['packages/*'] },
    'packages/ui/package.json': { name: 'ui', exports: { '.': './src/index.ts' } },
    'packages/ui/src/button.ts': '',
    'old/tsconfig.json': { compilerOptions: { moduleResolution: 'Node' } },
  })
  expect(resolve(files, 'old/x.ts', 'ui/src/button')).toBe('packages/ui/src/button.ts')
  expect(resolve(files, 'new/x.ts', 'ui/src/button')).toBe('not_found')
})
