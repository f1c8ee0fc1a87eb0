import { describe, expect, it } from 'vitest'
import { extractFacts } from '../graph/extract/extract.ts'
import type { Dialect } from '../graph/facts.ts'
import { changedSymbols } from './changed-symbols.ts'
import { changeOfFile, touchedExports, type Version } from './touched-exports.ts'

function versionOf(text: string, dialect: Dialect = 'ts'): Version {
  return { facts: extractFacts(text, dialect) }
}

const CLASS = 'export class A {\n  m() { return 1 }\n  n() { return 2 }\n}\n'

describe('symbols that differ', () => {
  const cases: readonly (readonly [string, string | null, string | null, readonly string[]])[] = [
    ['an added one', '', 'export function f() {}', ['f added']],
    ['a removed one', 'export function f() {}', '', ['f removed']],
    ['one with another body', 'function f() { return 1 }', 'function f() { return 2 }', ['f body']],
    ['one with another signature', 'function f(a: string) {}', 'function f(a: number) {}', ['f signature']],
    ['one of another kind', 'export class A {}', 'export interface A {}', ['A signature']],
    ['one that is exported now', 'const a = 1', 'export const a = 1', ['a signature']],
    ['none of white space', 'function f() { return 1 }', 'function f() {\n  return 1\n}', []],
    ['none that has moved', 'const a = 1\nconst b = 2', 'const b = 2\nconst a = 1', []],
    ['a member alone', CLASS, CLASS.replace('return 1', 'return 9'), ['A.m body']],
    ['a member that is added', CLASS, CLASS.replace('m()', 'k() {}\n  m()'), ['A.k added']],
    [
      'a class beside its member',
      CLASS,
      CLASS.replace('A {', 'A extends B {').replace('m() {', 'm(a: string) {'),
      ['A signature', 'A.m signature'],
    ],
    ['a class without its members', '', CLASS, ['A added']],
    ['all of a file that is added', null, 'const a = 1\nconst b = 1', ['a added', 'b added']],
    ['all of a file that is deleted', 'const a = 1\nconst b = 1', null, ['a removed', 'b removed']],
    ['a type, all of which is its signature', 'type T = { a: 1 }', 'type T = { a: 2 }', ['T signature']],
    ['an overload', 'function f(): 1\nfunction f() {}', 'function f(): 2\nfunction f() {}', ['f signature']],
  ]
  it.each(cases)('%s', (_, before, after, expected) => {
    const [old, now] = [before, after].map((text) => (text === null ? null : versionOf(text).facts))
    const changes = changedSymbols(old ?? null, now ?? null)
    expect(changes.map(({ name, change }) => `${name} ${change}`)).toEqual(expected)
  })

  it('have their line in the new text, or in the old one when they are removed', () => {
    const changes = changedSymbols(
      versionOf('const a = 1\n\nexport const b = 1').facts,
      versionOf('const c = 1\nexport const a = (x: string) => x').facts,
    )
    expect(changes.map(({ name, line, exported }) => [name, line, exported])).toEqual([
      ['c', 1, false],
      ['a', 2, true],
      ['b', 3, true],
    ])
  })
})

describe('exports that a change touches', () => {
  const text = [
    "import { one, two } from './numbers'",
    "import type { Shape } from './shape'",
    'interface Options { a: string }',
    'const base = () => one()',
    'export function build(options: Options) { return base() }',
    'export const other = () => two()',
    'const unused = () => 1',
    'export { base as basis }',
    '',
  ].join('\n')

  const cases: readonly (readonly [string, string, readonly string[], readonly string[]])[] = [
    ['those that use what has changed', text.replace('one()', 'one() + 1'), ['basis', 'build'], []],
    ['the one that has changed', text.replace('two()', 'two() + 1'), ['other'], []],
    ['none when nothing exported uses it', text.replace('=> 1', '=> 2'), [], []],
    ['none for a comment or an unused import', `// hello\nimport x from './x'\n${text}`, [], []],
    [
      'those that use what is imported from elsewhere now',
      text.replace('./numbers', './n'),
      ['basis', 'build', 'other'],
      [],
    ],
    [
      'what is exported in a list too',
      text.replace('{ base as basis }', '{\n  base as basis,\n  unused,\n}'),
      ['unused'],
      [],
    ],
    ['types alone', text.replace('a: string', 'a: number'), [], ['build']],
    ['what is exported no longer', text.replace('export const other', 'const other'), ['other'], []],
    ['all when something else runs as the module is loaded', `${text}start()\n`, ['*'], []],
    ['all when something is imported for its effects', `import './effects'\n${text}`, ['*'], []],
    ['all that is exported from elsewhere', `${text}export * from './more'\n`, ['*'], []],
  ]
  it.each(cases)('%s', (_, after, names, typeNames) => {
    const change = changeOfFile(versionOf(text), versionOf(after))
    expect([[...change.names].toSorted(), [...change.typeNames]]).toEqual([names, typeNames])
  })

  it('are all of them when a module uses on loading what has changed', () => {
    const { facts } = versionOf('const a = () => 1\nexport const b = 2\nregister(a)\n')
    expect(touchedExports(facts, new Set(['a']), false)).toEqual(new Set(['*']))
  })

  it('are all of them when the file comes or goes', () => {
    expect(changeOfFile(null, versionOf(text)).names).toEqual(new Set(['*']))
    expect(changeOfFile(versionOf(text), null).names).toEqual(new Set(['*']))
  })

  it('are told in Python too, with imports over several lines', () => {
    const python = 'from .a import (\n    x,\n)\n\ndef f():\n    return x()\n\ndef g():\n    return 1\n'
    const change = changeOfFile(
      versionOf(python, 'py'),
      versionOf(python.replace('    x,\n', '    x,\n    y,\n'), 'py'),
    )
    // Whatever a module of Python binds can be imported from it.
    expect(change.names).toEqual(new Set(['y']))
    const body = changeOfFile(versionOf(python, 'py'), versionOf(python.replace('1', '2'), 'py'))
    expect(body.names).toEqual(new Set(['g']))
  })
})
