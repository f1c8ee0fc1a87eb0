import { describe, expect, it } from 'vitest'
import type { ImportKind } from '../facts.ts'
import { type Case, resolve, resolverOf } from './javascript-fixture.ts'

describe('a relative import', () => {
  const files = resolverOf({
    'a.ts': '',
    'src/a.ts': '',
    'src/b.tsx': '',
    'src/both.ts': '',
    'src/both.js': '',
    'src/c.mts': '',
    'src/d.cts': '',
    'src/e.d.ts': '',
    'src/f.service.ts': '',
    'src/g.vue': '',
    'src/h.json': '',
    'src/i.css': '',
    'src/j.svg': '',
    'src/page#1.ts': '',
    'src/ui/index.tsx': '',
    'src/ui.ts': '',
    'src/main/package.json': { main: './dist/entry.js' },
    'src/main/src/entry.ts': '',
    'src/broken/package.json': '{',
    'src/broken/index.js': '',
    'src/route/[id]/page.tsx': '',
  })

  it.each<Case>([
    ['src/x.ts', './a', 'src/a.ts'],
    ['src/x.ts', './a.ts', 'src/a.ts'],
    ['src/x.ts', './a.js', 'src/a.ts'],
    ['src/x.ts', './b', 'src/b.tsx'],
    ['src/x.ts', './b.jsx', 'src/b.tsx'],
    ['src/x.ts', './b.js', 'src/b.tsx'],
    ['src/x.ts', './both', 'src/both.ts'],
    ['src/x.ts', './both.js', 'src/both.js'],
    ['src/x.ts', './c.mjs', 'src/c.mts'],
    ['src/x.ts', './d.cjs', 'src/d.cts'],
    ['src/x.ts', './e', 'src/e.d.ts'],
    ['src/x.ts', './e.js', 'src/e.d.ts'],
    ['src/x.ts', './f.service', 'src/f.service.ts'],
    ['src/x.ts', './g', 'src/g.vue'],
    ['src/x.ts', './h', 'src/h.json'],
    ['src/x.ts', './i.css', 'src/i.css'],
    ['src/x.ts', './j.svg?url', 'src/j.svg'],
    ['src/x.ts', './j.svg#icon', 'src/j.svg'],
    ['src/x.ts', './page#1.ts', 'src/page#1.ts'],
    ['src/x.ts', './ui', 'src/ui.ts'],
    ['src/x.ts', './ui/', 'src/ui/index.tsx'],
    ['src/ui/x.ts', '.', 'src/ui/index.tsx'],
    ['src/ui/x.ts', '..//a', 'src/a.ts'],
    ['src/ui/x.ts', '../../a', 'a.ts'],
    ['src/ui/x.ts', './../ui/./index', 'src/ui/index.tsx'],
    ['src/x.ts', './main', 'src/main/src/entry.ts'],
    ['src/x.ts', './broken', 'src/broken/index.js'],
    ['src/x.ts', './route/[id]/page', 'src/route/[id]/page.tsx'],
    ['src/x.ts', '!!raw-loader!./a.ts', 'src/a.ts'],
    ['src/x.ts', './none', 'not_found'],
    ['src/x.ts', './none.js', 'not_found'],
    ['src/x.ts', '../../a', 'not_found'],
    ['src/x.ts', './ui/../../../a', 'not_found'],
    ['src/x.ts', '', 'not_found'],
    ['src/x.ts', '../node_modules/x/y.css', 'external'],
    ['src/x.ts', '../node_modules', 'external'],
  ])('of %s by %s leads to what TypeScript and bundlers mean', (from, specifier, expected) => {
    expect(resolve(files, from, specifier)).toBe(expected)
  })
})

describe('an import by a bare specifier', () => {
  const files = resolverOf({
    'package.json': { name: 'root', dependencies: { shared: '1' }, devDependencies: { '@types/estree': '1' } },
    'app/package.json': {
      dependencies: { react: '19', '@scope/ui': '1', __proto__: '1' },
      peerDependencies: { peer: '*' },
      optionalDependencies: { optional: '*' },
      devDependencies: { '@types/acme__lib': '1' },
    },
    'app/a.ts': '',
    'app/src/alias.ts': '',
    'kit/package.json': { devDependencies: { '@sveltejs/kit': '2', nuxt: '4' } },
    'kit/src/lib/api.ts': '',
  })

  it.each<Case>([
    ['app/a.ts', 'react', 'external react'],
    ['app/a.ts', 'react/jsx-runtime', 'external react/jsx-runtime'],
    ['app/a.ts', '@scope/ui/button?inline', 'external @scope/ui/button'],
    ['app/a.ts', 'shared', 'external shared'],
    ['app/a.ts', 'peer', 'external peer'],
    ['app/a.ts', 'optional', 'external optional'],
    ['app/a.ts', 'estree', 'external estree'],
    ['app/a.ts', '@acme/lib', 'external @acme/lib'],
    ['app/a.ts', 'lodash/fp', 'undeclared lodash/fp'],
    ['app/a.ts', '@scope', 'not_found'],
    ['a.ts', 'react', 'undeclared react'],
    ['app/a.ts', 'constructor', 'undeclared constructor'],
    ['app/a.ts', '__proto__', 'undeclared __proto__'],
    ['app/a.ts', 'fs', 'builtin'],
    ['app/a.ts', 'fs/promises', 'builtin'],
    ['app/a.ts', 'node:test', 'builtin'],
    ['app/a.ts', 'bun:sqlite', 'builtin'],
    ['app/a.ts', 'cloudflare:workers', 'builtin'],
    ['app/a.ts', 'virtual:pwa', 'external'],
    ['app/a.ts', '\0virtual', 'external'],
    ['app/a.ts', 'https://esm.sh/react', 'external'],
    ['app/a.ts', 'data:text/javascript,1', 'external'],
    ['app/a.ts', '@/alias', 'app/src/alias.ts'],
    ['app/a.ts', '~/alias', 'app/src/alias.ts'],
    ['app/a.ts', '@/none', 'not_found'],
    ['app/a.ts', '/src/alias.ts', 'app/src/alias.ts'],
    ['app/a.ts', '/none.svg', 'not_found'],
    ['kit/a.ts', '$lib/api', 'kit/src/lib/api.ts'],
    ['kit/a.ts', '$app/navigation', 'external'],
    ['app/a.ts', '$app/navigation', 'not_found'],
    ['kit/a.ts', '#imports', 'external'],
    ['app/a.ts', '#imports', 'not_found'],
  ])('of %s by %s is judged by the manifests from there upward', (from, specifier, expected) => {
    expect(resolve(files, from, specifier)).toBe(expected)
  })
})

describe('an import by #', () => {
  const files = resolverOf({
    'package.json': { imports: { '#root': './root.ts' } },
    'root.ts': '',
    'app/package.json': {
      name: 'app',
      dependencies: { react: '19' },
      imports: {
        '#env': { node: './dist/env.node.js', default: './dist/env.js' },
        '#lib/*': './src/lib/*.ts',
        '#lib/internal/*': null,
        '#dep': 'react/jsx-runtime',
        '#sep': 'fs',
        '#gone': './gone.ts',
        '#up': './../root.ts',
      },
    },
    'app/src/env.ts': '',
    'app/src/lib/a/b.ts': '',
    'app/src/lib/internal/x.ts': '',
  })

  it.each<Case>([
    ['app/src/x.ts', '#env', 'app/src/env.ts'],
    ['app/src/x.ts', '#lib/a/b', 'app/src/lib/a/b.ts'],
    ['app/src/x.ts', '#lib/internal/x', 'not_found'],
    ['app/src/x.ts', '#dep', 'external react/jsx-runtime'],
    ['app/src/x.ts', '#sep', 'builtin'],
    ['app/src/x.ts', '#gone', 'not_found'],
    ['app/src/x.ts', '#up', 'not_found'],
    ['app/src/x.ts', '#root', 'not_found'],
    ['x.ts', '#root', 'root.ts'],
  ])('of %s by %s is that of the nearest package', (from, specifier, expected) => {
    expect(resolve(files, from, specifier)).toBe(expected)
  })
})

describe('an import of a kind', () => {
  const files = resolverOf({
    'package.json': { devDependencies: { '@types/node': '1', vite: '1' } },
    'src/worker.ts': '',
    'src/types.d.ts': '',
    'src/data/x.txt': '',
  })

  it.each<readonly [ImportKind, string, string]>([
    ['url', './worker.js', 'src/worker.ts'],
    ['url', 'data/x.txt', 'src/data/x.txt'],
    ['url', './data', 'nothing'],
    ['url', './none', 'not_found'],
    ['url', 'vite', 'external vite'],
    ['url', 'https://example.org/x', 'external'],
    ['reference', 'types.d.ts', 'src/types.d.ts'],
    ['reference', './types.d.ts', 'src/types.d.ts'],
    ['reference', '../none.d.ts', 'not_found'],
    ['reference', 'none.d.ts', 'not_found'],
    ['reference', 'node', 'external node'],
    ['reference', 'vite/client', 'external vite/client'],
    ['mock', './worker', 'src/worker.ts'],
    ['mock', 'vite', 'external vite'],
    ['import', 'types.d.ts', 'undeclared types.d.ts'],
  ])('%s takes %s as a path or as a module', (kind, specifier, expected) => {
    expect(resolve(files, 'src/a.ts', specifier, kind)).toBe(expected)
  })
})

it('gives one result that is about all names, also of a computed specifier', () => {
  const files = resolverOf({ 'a.ts': '' })
  const names = [
    { imported: 'default', local: 'a', exportedAs: null },
    { imported: 'b', local: 'c', exportedAs: null },
  ]
  const fact = { kind: 'import', typeOnly: false, line: 1, names } as const
  expect(files.resolve('x.ts', { ...fact, specifier: './a' })).toEqual([
    { path: 'a.ts', reason: null, module: null, names: ['default', 'b'] },
  ])
  expect(files.resolve('x.ts', { ...fact, specifier: null })).toEqual([
    { path: null, reason: 'not_literal', module: null, names: ['default', 'b'] },
  ])
})
