import { expect, it } from 'vitest'
import { createResolver } from './create-resolver.ts'
import { type Repository, resolve, textsOf } from './javascript-fixture.ts'
import type { LoadTexts } from './resolver.ts'

function loading(repository: Repository): { files: readonly string[]; load: LoadTexts; asked: (readonly string[])[] } {
  const texts = textsOf(repository)
  const asked: (readonly string[])[] = []
  const load: LoadTexts = (paths) => {
    asked.push(paths)
    return Promise.resolve(new Map([...texts].filter(([path]) => paths.includes(path))))
  }
  return { files: [...texts.keys()], load, asked }
}

const REPOSITORY: Repository = {
  'package.json': { workspaces: ['packages/*'] },
  'pnpm-workspace.yaml': '',
  'packages/config/package.json': { name: '@acme/config' },
  'packages/config/base.json': { extends: './deeper.json' },
  'packages/config/deeper.json': { compilerOptions: { paths: { '@/*': ['${configDir}/src/*'] } } },
  'packages/app/package.json': { name: 'app', main: 'main.ts' },
  'packages/app/tsconfig.json': { extends: '@acme/config/base.json' },
  'packages/app/main.ts': '',
  'packages/app/src/a.ts': '',
  'packages/app/node_modules/x/package.json': { name: 'x' },
  'tool/pyproject.toml': '[project]\nname = "tool"\n',
  'tool/tool.py': '',
}

it('loads configuration in as many batches as bases stand behind one another', async () => {
  const { files, load, asked } = loading(REPOSITORY)
  const resolver = await createResolver({ files, load })
  expect(asked).toHaveLength(3)
  expect(asked.slice(1)).toEqual([['packages/config/base.json'], ['packages/config/deeper.json']])
  expect(resolver.configPaths()).toEqual(files.filter((path) => !/node_modules|\.ts$|\.py$/.test(path)).toSorted())
  expect(resolve(resolver, 'packages/app/main.ts', '@/a')).toBe('packages/app/src/a.ts')
})

it('offers the public modules of both languages', async () => {
  const resolver = await createResolver(loading(REPOSITORY))
  const modules = resolver.publicModules()
  expect(modules).toContainEqual({ module: 'app', path: 'packages/app/main.ts' })
  expect(modules.some(({ module }) => module.startsWith('py:'))).toBe(true)
})

it('gives up on bases after five rounds, and on circles at once', async () => {
  const repository: Record<string, unknown> = { 'tsconfig.json': { extends: './0.json' } }
  for (let at = 0; at < 20; at++) repository[`${at}.json`] = { extends: `./${at + 1}.json` }
  const deep = loading(repository)
  await createResolver(deep)
  expect(deep.asked).toHaveLength(6)

  const circle = loading({
    'tsconfig.json': { extends: './a.json' },
    'a.json': { extends: ['./tsconfig.json', './a'] },
  })
  await createResolver(circle)
  expect(circle.asked).toHaveLength(2)
})

it('counts broken, absurd and hostile configuration as missing', async () => {
  const nested = `${'['.repeat(200_000)}${']'.repeat(200_000)}`
  const repository: Repository = {
    'package.json': `{"name": "x", "exports": ${nested}}`,
    'a/package.json': '{"__proto__": {"name": "polluted", "workspaces": ["**"]}, "workspaces": {"packages": 1}}',
    'b/package.json': { name: 1, exports: 1, imports: [], dependencies: [], workspaces: [null, '{'.repeat(5000)] },
    'c/package.json': `{"name": "${'x'.repeat(10_000_000)}"}`,
    'd/package.json': 'null',
    'tsconfig.json': `{"compilerOptions": ${nested}}`,
    'a/tsconfig.json': '{"__proto__": {"compilerOptions": {"baseUrl": "."}}}',
    'b/tsconfig.json': {
      extends: [1, null, '..', '/etc/x'],
      compilerOptions: { paths: { a: 1, b: [1] }, baseUrl: [] },
    },
    'c/tsconfig.json': { compilerOptions: 1, include: {}, files: 'x', references: [null, { path: '../../..' }] },
    'd/tsconfig.json': `// ${'x'.repeat(10_000_000)}`,
    'pnpm-workspace.yaml': `packages: [${'&a [*a, '.repeat(10)}`,
    'e/pnpm-workspace.yaml': 'packages: &a [*a, *a]',
    'lerna.json': '[]',
    'rush.json': { projects: [null, {}, { projectFolder: '../..' }] },
    'a/index.ts': '',
  }
  const resolver = await createResolver(loading(repository))
  for (const dir of ['', 'a/', 'b/', 'c/', 'd/', 'e/']) {
    expect(resolve(resolver, `${dir}x.ts`, 'index')).toBe('undeclared index')
    expect(resolve(resolver, `${dir}x.ts`, 'polluted')).toBe('undeclared polluted')
  }
  expect(resolver.publicModules()).toEqual([])
})

it('matches a glob of many stars in no time', async () => {
  const dir = `${'a/'.repeat(60)}b`
  const repository: Repository = {
    'package.json': { workspaces: [`${'**/'.repeat(40)}c`, `${'*a'.repeat(40)}/c`, `${'{a,b}'.repeat(40)}/c`] },
    [`${dir}/package.json`]: { name: 'deep' },
    [`${'a'.repeat(200)}/package.json`]: { name: 'long' },
  }
  const started = performance.now()
  const resolver = await createResolver(loading(repository))
  expect(resolve(resolver, 'x.ts', 'deep')).toBe('undeclared deep')
  expect(performance.now() - started).toBeLessThan(1_000)
})

it('resolves ten imports of each of 5,000 files while nobody waits', async () => {
  const repository: Record<string, unknown> = {
    'tsconfig.json': { compilerOptions: { paths: { '@/*': ['./src/*'] } } },
    'package.json': { dependencies: { react: '19' } },
  }
  for (let at = 0; at < 5_000; at++) repository[`src/${at % 100}/${at}.tsx`] = ''
  const resolver = await createResolver(loading(repository))
  const started = performance.now()
  for (let at = 0; at < 5_000; at++) {
    for (let other = 0; other < 10; other++) {
      const to = (at * 7 + other * 13) % 5_000
      const specifiers = [`@/${to % 100}/${to}`, `../${to % 100}/${to}.js`, 'react', 'node:fs', `./none-${other}`]
      resolve(resolver, `src/${at % 100}/${at}.tsx`, specifiers[other % 5] ?? '')
    }
  }
  // It takes about 200 ms; a loaded machine may take longer.
  expect(performance.now() - started).toBeLessThan(2_000)
})
