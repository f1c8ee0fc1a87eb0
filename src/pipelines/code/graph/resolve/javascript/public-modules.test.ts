import { expect, it } from 'vitest'
import { type Repository, resolve, resolverOf } from '../javascript-fixture.ts'

function modulesOf(repository: Repository): Record<string, string> {
  return Object.fromEntries(
    resolverOf(repository)
      .publicModules()
      .map(({ module, path }) => [module, path]),
  )
}

it('a package with exports offers its entries, patterns for each file that they lead to', () => {
  const modules = modulesOf({
    'package.json': {
      name: '@acme/ui',
      exports: {
        '.': './dist/index.js',
        './css': './dist/x.css',
        './*': './dist/*.js',
        './gone': './gone.js',
      },
    },
    'src/index.ts': '',
    'src/x.css': '',
    'src/button.tsx': '',
    'src/form/index.ts': '',
    'src/button.test.tsx': '',
    'other.ts': '',
  })
  expect(modules).toEqual({
    '@acme/ui': 'src/index.ts',
    '@acme/ui/css': 'src/x.css',
    '@acme/ui/button': 'src/button.tsx',
    '@acme/ui/form': 'src/form/index.ts',
    '@acme/ui/form/index': 'src/form/index.ts',
    '@acme/ui/index': 'src/index.ts',
    '@acme/ui/other': 'other.ts',
  })
})

it('a package without exports offers its main module and each source file, not those of packages in it', () => {
  const modules = modulesOf({
    'a/package.json': { name: 'a', main: 'dist/main.js' },
    'a/src/main.ts': '',
    'a/src/util/index.ts': '',
    'a/nested/package.json': { name: 'nested' },
    'a/nested/x.ts': '',
    'a/notes.md': '',
    'a/script.py': '',
    'test/fixtures/b/package.json': { name: 'b' },
    'test/fixtures/b/index.ts': '',
    'unnamed/package.json': {},
    'unnamed/index.ts': '',
  })
  expect(modules).toEqual({
    a: 'a/src/main.ts',
    'a/src/main': 'a/src/main.ts',
    'a/src/main.ts': 'a/src/main.ts',
    'a/main': 'a/src/main.ts',
    'a/dist/main': 'a/src/main.ts',
    'a/lib/main': 'a/src/main.ts',
    'a/src/util': 'a/src/util/index.ts',
    'a/src/util/index': 'a/src/util/index.ts',
    'a/src/util/index.ts': 'a/src/util/index.ts',
    'a/util': 'a/src/util/index.ts',
    'a/util/index': 'a/src/util/index.ts',
    'a/dist/util': 'a/src/util/index.ts',
    'a/dist/util/index': 'a/src/util/index.ts',
    'a/lib/util': 'a/src/util/index.ts',
    'a/lib/util/index': 'a/src/util/index.ts',
    'nested/x': 'a/nested/x.ts',
    'nested/x.ts': 'a/nested/x.ts',
  })
})

it('what is offered is what the package itself resolves', () => {
  const files = resolverOf({
    'package.json': { name: 'self', exports: { './*': { types: './dist/types/*.d.ts', import: './dist/*.js' } } },
    'src/a.ts': '',
    'src/b/c.tsx': '',
  })
  const modules = files.publicModules()
  expect(modules.length).toBeGreaterThan(1)
  for (const { module, path } of modules) expect(resolve(files, 'x.ts', module)).toBe(path)
})

it('at most 20,000 are offered, main modules first', () => {
  const repository: Record<string, unknown> = { 'a/package.json': { name: 'a' }, 'z/package.json': { name: 'z' } }
  for (let at = 0; at < 12_000; at++) repository[`a/${at}.ts`] = ''
  repository['z/index.ts'] = ''
  const modules = resolverOf(repository).publicModules()
  expect(modules).toHaveLength(20_000)
  expect(modules[0]).toEqual({ module: 'z', path: 'z/index.ts' })
})
