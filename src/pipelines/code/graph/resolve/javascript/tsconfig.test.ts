import { describe, expect, it } from 'vitest'
import { type Case, type Repository, resolve, resolverOf } from '../javascript-fixture.ts'

interface Table {
  readonly about: string
  readonly repository: Repository
  readonly cases: readonly Case[]
}

const TABLES: readonly Table[] = [
  {
    about: 'paths take the exact one, then the longest prefix, and targets in order; comments and commas are read',
    repository: {
      'tsconfig.json': `\uFEFF{ // comment
        "compilerOptions": { "paths": {
          "@/*": ["./missing/*", "./src/*"], "@/ui/*": ["./ui/*"], "@/ui/one": ["./one.ts"],
          "*.svg": ["./svg.d.ts"], "fs": ["./fake-fs.ts"], "react": ["./none"], "@up/*": ["../*"], "__proto__": ["./one"],
        }, }, }`,
      'package.json': { dependencies: { react: '19' } },
      'src/a.ts': '',
      'src/ui/x.ts': '',
      'ui/x.ts': '',
      'one.ts': '',
      'svg.d.ts': '',
      'fake-fs.ts': '',
    },
    cases: [
      ['src/b.ts', '@/a', 'src/a.ts'],
      ['src/b.ts', '@/a.js', 'src/a.ts'],
      ['src/b.ts', '@/ui/x', 'ui/x.ts'],
      ['src/b.ts', '@/ui/one', 'one.ts'],
      ['src/b.ts', 'icon.svg', 'svg.d.ts'],
      ['src/b.ts', 'fs', 'fake-fs.ts'],
      ['src/b.ts', 'react', 'external react'],
      ['src/b.ts', '@/none', 'not_found'],
      ['src/b.ts', '@/../../one', 'not_found'],
      ['src/b.ts', '@up/x', 'not_found'],
    ],
  },
  {
    about: 'baseUrl is where bare specifiers and paths begin',
    repository: {
      'app/tsconfig.json': { compilerOptions: { baseUrl: './src', paths: { '~lib/*': ['../lib/*'] } } },
      'app/src/helpers/index.ts': '',
      'app/src/path.ts': '',
      'app/lib/x.ts': '',
    },
    cases: [
      ['app/src/a/b.ts', 'helpers', 'app/src/helpers/index.ts'],
      ['app/src/a/b.ts', '~lib/x', 'app/lib/x.ts'],
      ['app/src/a/b.ts', 'path', 'builtin'],
      ['other/b.ts', 'helpers', 'undeclared helpers'],
      ['app/src/b.ts', 'none', 'undeclared none'],
    ],
  },
  {
    about: 'extends merges several bases, also of workspace packages, each with its own directory',
    repository: {
      'package.json': { workspaces: ['packages/*'] },
      'packages/config/package.json': { name: '@acme/tsconfig', exports: { './strict': './configs/strict.json' } },
      'packages/config/configs/strict.json': { compilerOptions: { paths: { '@own/*': ['${configDir}/src/*'] } } },
      'packages/plain/package.json': { name: 'plain-config' },
      'packages/plain/base.json': { compilerOptions: { paths: { '@plain/*': ['./shared/*'] } } },
      'packages/plain/shared/x.ts': '',
      'packages/a/tsconfig.json': { extends: ['@acme/missing', '@acme/tsconfig/strict'] },
      'packages/a/src/x.ts': '',
      'packages/b/tsconfig.json': { extends: 'plain-config/base.json' },
      'packages/c/tsconfig.json': { extends: '../b/tsconfig' },
      'packages/d/tsconfig.json': { extends: './gone.json', compilerOptions: { paths: { x: ['./x.ts'] } } },
      'packages/d/x.ts': '',
      'packages/e/tsconfig.json': { extends: './tsconfig.other.json' },
      'packages/e/tsconfig.other.json': {
        extends: './tsconfig.json',
        compilerOptions: { paths: { y: ['./y.ts'] } },
      },
      'packages/e/y.ts': '',
      'packages/f/tsconfig.json': { extends: ['plain-config/base', '../d/tsconfig.json'] },
    },
    cases: [
      ['packages/a/index.ts', '@own/x', 'packages/a/src/x.ts'],
      ['packages/b/index.ts', '@plain/x', 'packages/plain/shared/x.ts'],
      ['packages/c/index.ts', '@plain/x', 'packages/plain/shared/x.ts'],
      ['packages/d/index.ts', 'x', 'packages/d/x.ts'],
      ['packages/e/index.ts', 'y', 'packages/e/y.ts'],
      ['packages/f/index.ts', 'x', 'packages/d/x.ts'],
      ['packages/f/index.ts', '@plain/x', 'undeclared @plain/x'],
    ],
  },
  {
    about: 'of several configurations in a directory that counts which includes the file',
    repository: {
      'tsconfig.json': { files: [], references: [{ path: './tsconfig.app.json' }, { path: './tools' }] },
      'tsconfig.app.json': { include: ['src'], compilerOptions: { paths: { '@/*': ['./src/*'] } } },
      'tsconfig.node.json': { include: ['*.config.ts'], compilerOptions: { paths: { '@/*': ['./node/*'] } } },
      'tools/tsconfig.json': { include: ['../scripts/**/*'], compilerOptions: { paths: { '@/*': ['./*'] } } },
      'src/x.ts': '',
      'src/y.ts': '',
      'node/x.ts': '',
      'tools/x.ts': '',
    },
    cases: [
      ['src/deep/a.ts', '@/x', 'src/x.ts'],
      ['vite.config.ts', '@/x', 'node/x.ts'],
      ['scripts/a/b.ts', '@/x', 'tools/x.ts'],
      ['elsewhere/a.ts', '@/x', 'src/x.ts'],
      ['vite.config.ts', '@/y', 'src/y.ts'],
    ],
  },
  {
    about: 'a lone tsconfig.json holds for what it excludes too, and jsconfig.json where there is none',
    repository: {
      'tsconfig.json': { include: ['src'], exclude: ['**/*.test.ts'], compilerOptions: { paths: { x: ['./x.ts'] } } },
      'js/jsconfig.json': { compilerOptions: { paths: { x: ['./y.js'] } } },
      'broken/tsconfig.json': '{ "compilerOptions": ',
      'x.ts': '',
      'js/y.js': '',
    },
    cases: [
      ['src/a.test.ts', 'x', 'x.ts'],
      ['scripts/a.ts', 'x', 'x.ts'],
      ['js/a.js', 'x', 'js/y.js'],
      ['broken/a.ts', 'x', 'x.ts'],
    ],
  },
  {
    about: 'a base at the root holds where there is nothing else',
    repository: {
      'tsconfig.base.json': { compilerOptions: { paths: { '@org/ui': ['libs/ui/src/index.ts'] } } },
      'libs/ui/src/index.ts': '',
    },
    cases: [['apps/web/main.ts', '@org/ui', 'libs/ui/src/index.ts']],
  },
  {
    about: 'rootDirs are one directory',
    repository: {
      'tsconfig.json': { compilerOptions: { rootDirs: ['src', 'generated/types'] } },
      'src/app/a.ts': '',
      'generated/types/app/route.d.ts': '',
    },
    cases: [
      ['src/app/a.ts', './route', 'generated/types/app/route.d.ts'],
      ['generated/types/app/x.ts', './a', 'src/app/a.ts'],
      ['src/app/a.ts', './none', 'not_found'],
    ],
  },
  {
    about: 'paths to a build or to an installed member lead to its source',
    repository: {
      'package.json': { workspaces: ['packages/*'] },
      'tsconfig.json': {
        compilerOptions: {
          paths: { shared: ['./packages/shared/dist'], ui: ['./node_modules/@acme/ui/dist/main.js'] },
        },
      },
      'packages/shared/package.json': { name: 'other-name' },
      'packages/shared/src/index.ts': '',
      'packages/ui/package.json': { name: '@acme/ui' },
      'packages/ui/src/main.ts': '',
    },
    cases: [
      ['a.ts', 'shared', 'packages/shared/src/index.ts'],
      ['a.ts', 'ui', 'packages/ui/src/main.ts'],
    ],
  },
]

describe.each(TABLES)('$about', ({ repository, cases }) => {
  const files = resolverOf(repository)

  it.each(cases)('%s imports %s', (from, specifier, expected) => {
    expect(resolve(files, from, specifier)).toBe(expected)
  })
})
