import { describe, expect, it } from 'vitest'

import type { ImportFact, ImportKind } from '../facts.ts'
import { createPythonResolver } from './python.ts'

const SPLIT = /\s+/
const resolverOf = (files: string, texts: Readonly<Record<string, string>> = {}) =>
  createPythonResolver({ files: new Set(files.trim().split(SPLIT)), texts: new Map(Object.entries(texts)) })

function fact(specifier: string | null, names: string, kind: ImportKind = 'import'): ImportFact {
  const imported = names === '' ? [] : names.split(' ')
  return {
    specifier,
    kind,
    typeOnly: false,
    line: 1,
    names: imported.map((name) => ({ imported: name, local: name, exportedAs: null })),
  }
}

/** `b.py: c d` for what is resolved, `external py:a: c` for what is not; `c=*` when `c` is the whole module. */
function shown(resolver: ReturnType<typeof resolverOf>, path: string, found: ImportFact): string[] {
  return resolver.resolve(path, found).map(({ path: at, reason, module, names, submodule }) => {
    const what = at ?? [reason, ...(module === null ? [] : [module])].join(' ')
    const shownNames = names.map((name) => (submodule === undefined ? name : `${submodule}=${name}`))
    return [what, ...(names.length === 0 ? [] : [shownNames.join(' ')])].join(': ')
  })
}

const PACKAGE = `
  pyproject.toml src/acme/__init__.py src/acme/util.py src/acme/util.pyi src/acme/types.py src/acme/stubs.pyi src/acme/steps/0001_first-one.py
  src/acme/db/__init__.py src/acme/db/model.py src/acme/plain/one.py src/ns/part/two.py src/ns/logging.py
  tests/test_acme.py tests/helpers.py tests/json.py scripts/run.py
`

describe('an import of Python', () => {
  const resolver = resolverOf(PACKAGE)
  const inside = 'src/acme/db/model.py'
  it.each([
    [inside, 'acme.util', '*', ['src/acme/util.py: *']],
    [inside, 'acme', '*', ['src/acme/__init__.py: *']],
    [inside, 'acme.stubs', 'a', ['src/acme/stubs.pyi: a']],
    [
      inside,
      'acme',
      'util x db y',
      ['src/acme/__init__.py: x y', 'src/acme/util.py: util=*', 'src/acme/db/__init__.py: db=*'],
    ],
    [inside, 'acme.plain', 'one', ['src/acme/plain/one.py: one=*']],
    [inside, 'acme.plain', 'one x', ['not_found: x', 'src/acme/plain/one.py: one=*']],
    [inside, 'acme.plain', 'x', ['not_found: x']],
    [inside, 'acme.util.deep', '*', ['not_found: *']],
    [inside, 'acme.gone', 'x', ['not_found: x']],
    [inside, 'ns.part.two', 'x', ['src/ns/part/two.py: x']],
    [inside, 'ns.part', 'x', ['not_found: x']],
    ['src/ns/part/two.py', 'logging', '*', ['builtin: *']],
    [inside, '.', 'model x', ['src/acme/db/__init__.py: x', 'src/acme/db/model.py: model=*']],
    [inside, '..util', 'x', ['src/acme/util.py: x']],
    [inside, '..', '*', ['src/acme/__init__.py: *']],
    [inside, '...ns.part', 'two', ['src/ns/part/two.py: two=*']],
    [inside, '.....x', 'y', ['not_found: y']],
    [inside, '.gone', 'y', ['not_found: y']],
    ['tests/test_acme.py', 'acme.db.model', 'x', ['src/acme/db/model.py: x']],
    ['tests/test_acme.py', 'helpers', 'x', ['tests/helpers.py: x']],
    ['tests/test_acme.py', 'tests.helpers', 'x', ['tests/helpers.py: x']],
    ['tests/test_acme.py', 'json', '*', ['tests/json.py: *']],
    ['tests/json.py', 'json', 'loads', ['builtin: loads']],
    [inside, 'json', 'loads', ['builtin: loads']],
    [inside, 'types', '*', ['builtin: *']],
    [inside, 'os.path', 'join', ['builtin: join']],
    [inside, 'attr', '*', ['external py:attr: *']],
    [
      inside,
      'google.cloud',
      'storage run',
      [
        'external py:google.cloud: storage run',
        'external py:google.cloud.storage: storage=*',
        'external py:google.cloud.run: run=*',
      ],
    ],
    [inside, 'scripts', 'x', ['external py:scripts: x', 'external py:scripts.x: x=*']],
    [inside, null, '*', ['not_literal: *']],
    [inside, 'acme.steps.0001_first-one', '*', ['src/acme/steps/0001_first-one.py: *']],
    [inside, '../x', '*', ['not_found: *']],
  ])('in %s of %j: %j', (path, specifier, names, expected) => {
    expect(shown(resolver, path, fact(specifier, names))).toEqual(expected)
  })

  it.each([
    ['acme.util.thing', ['src/acme/util.py']],
    ['acme.db.model.Model.save', ['src/acme/db/model.py']],
    ['acme.gone.thing', ['src/acme/__init__.py']],
    ['os.environ', ['builtin']],
    ['requests.api.get', ['external py:requests.api']],
  ])('in a mock of %j is that of the module in it', (specifier, expected) => {
    expect(shown(resolver, 'tests/test_acme.py', fact(specifier, '', 'mock'))).toEqual(expected)
  })
})

describe('the roots of Python', () => {
  const files = 'a/conf b/pyproject.toml b/lib/acme/__init__.py b/lib/acme/x.py b/tests/t.py'
  it.each([
    ['b/pyproject.toml', '[tool.setuptools.package-dir]\n"" = "lib"'],
    ['b/pyproject.toml', '[tool.setuptools.package-dir]\nacme = "lib/acme"'],
    ['b/pyproject.toml', '[tool.setuptools.packages.find]\nwhere = ["lib"]'],
    ['b/pyproject.toml', '[tool.poetry]\npackages = [{ include = "acme", from = "lib" }]'],
    ['b/pyproject.toml', '[tool.hatch.build.targets.wheel]\npackages = ["lib/acme"]'],
    ['b/setup.cfg', '[options]\npackage_dir =\n    = lib\n'],
    ['b/setup.cfg', '[options.packages.find]\nwhere = lib\n'],
    ['b/setup.py', 'setup(package_dir={"": "lib"}, packages=find_packages())'],
    ['b/setup.py', 'setup(packages=find_packages(where="lib"))'],
    ['b/pyproject.toml', '[broken'],
  ])('are those of %s: %s', (path, text) => {
    const plain = files.replaceAll('acme/__init__.py', 'acme/y.py')
    const resolver = resolverOf(`${text === '[broken' ? files : plain} ${path}`, { [path]: text })
    expect(shown(resolver, 'b/tests/t.py', fact('acme.x', 'f'))).toEqual(['b/lib/acme/x.py: f'])
  })

  it.each([
    ['src/acme/db/model.py', '..util', 'src/acme/util.py: f'],
    ['src/acme/db/model.py', '...acme.util', 'not_found: f'],
    ['src/single.py', '..src.acme.util', 'not_found: f'],
  ])('are what no relative import leads to: in %s %s gives %s', (path, specifier, expected) => {
    const find = { 'pyproject.toml': '[tool.setuptools.packages.find]\nwhere = ["src"]' }
    const resolver = resolverOf(`${PACKAGE} src/single.py`, find)
    expect(shown(resolver, path, fact(specifier, 'f'))).toEqual([expected])
  })

  const several = `
    one/pyproject.toml one/app/__init__.py one/app/main.py one/tests/__init__.py one/tests/t.py
    two/setup.py two/src/app/__init__.py two/src/app/main.py two/tests/t.py two/shared.py
    three/job/main.py three/job/part/step.py three/redis.py
  `
  it.each([
    ['one/tests/t.py', 'app.main', ['one/app/main.py: f']],
    ['two/tests/t.py', 'app.main', ['two/src/app/main.py: f']],
    ['two/shared.py', 'tests.t', ['two/tests/t.py: f']],
    ['three/redis.py', 'tests.t', ['one/tests/t.py: f']],
    ['one/app/main.py', 'shared', ['two/shared.py: f']],
    ['three/job/part/step.py', 'job.main', ['three/job/main.py: f']],
    ['one/app/main.py', 'redis', ['external py:redis: f', 'external py:redis.f: f=*']],
  ])('that are nearest to %s give %s', (path, specifier, expected) => {
    expect(shown(resolverOf(several), path, fact(specifier, 'f'))).toEqual(expected)
  })

  it('give the modules that other repositories can import', () => {
    const all = `${PACKAGE} setup.py single.py src/acme/tests/x.py docs/conf.py src/acme/__main__.py other/pack/__init__.py`
    const modules = resolverOf(all).publicModules()
    expect(modules.map(({ module, path }) => `${module} ${path}`).toSorted()).toEqual([
      'py:acme src/acme/__init__.py',
      'py:acme.db src/acme/db/__init__.py',
      'py:acme.db.model src/acme/db/model.py',
      'py:acme.plain.one src/acme/plain/one.py',
      'py:acme.stubs src/acme/stubs.pyi',
      'py:acme.types src/acme/types.py',
      'py:acme.util src/acme/util.py',
      'py:ns.logging src/ns/logging.py',
      'py:ns.part.two src/ns/part/two.py',
      'py:pack other/pack/__init__.py',
      'py:single single.py',
    ])
  })

  it('are found quickly for many files', () => {
    const many = Array.from({ length: 5_000 }, (_, n) => `p${n % 50}/src/app${n % 50}/d${n % 500}/m${n}.py`)
    const configs = Array.from({ length: 50 }, (_, n) => `p${n}/pyproject.toml p${n}/src/app${n}/__init__.py`)
    const resolver = resolverOf([...many, ...configs].join(' '))
    const start = performance.now()
    let found = 0
    for (const [n, path] of many.entries())
      for (const specifier of [
        'os',
        'requests',
        '.x',
        `app${n % 50}`,
        `app${(n + 1) % 50}.d1`,
        'a.b',
        'c',
        'd',
        'e',
        'json',
      ])
        found += resolver.resolve(path, fact(specifier, 'f')).length
    expect(found).toBeGreaterThan(50_000)
    expect(performance.now() - start).toBeLessThan(3_000)
  })
})
