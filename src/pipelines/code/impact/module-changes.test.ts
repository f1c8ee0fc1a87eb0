import { describe, expect, it } from 'vitest'
import { extractFacts } from '../graph/extract/extract.ts'
import type { Dialect } from '../graph/facts.ts'
import { changeOfFile } from './touched-exports.ts'

type Case = readonly [what: string, dialect: Dialect, before: string, after: string]

function touched(dialect: Dialect, before: string, after: string): readonly string[] {
  const [old, now] = [before, after].map((text) => ({ facts: extractFacts(text, dialect) }))
  return [...changeOfFile(old ?? null, now ?? null).names].toSorted()
}

const EXPRESS = `const express = require('express')
const app = express()

app.set('x', 1)
app.use(require('./routes.cjs'))
module.exports = app
`
const SWAPPED = ['let n = 0', 'export const first = ++n', 'export const second = ++n']
const LOOP = 'REG = []\nfor x in y:\n    REG.append(x)\nREG.append(1)\n'

describe('a change of what runs when a module is loaded', () => {
  const cases: readonly Case[] = [
    ['before a require within a statement', 'js', EXPRESS, EXPRESS.replace("'x', 1", "'x', 2")],
    [
      'behind an import',
      'ts',
      "import {reg} from './reg.js'; reg('a', 1)\n",
      "import {reg} from './reg.js'; reg('a', 2)\n",
    ],
    ['behind a symbol', 'ts', "export const k = 1; reg('ts', 1)", "export const k = 1; reg('ts', 2)"],
    [
      'behind a list of exports',
      'ts',
      "const a = 1; export { a }; reg('el', 1)",
      "const a = 1; export { a }; reg('el', 2)",
    ],
    ['behind an import of Python', 'py', 'import a; a.f(1)\n', 'import a; a.f(2)\n'],
    ['behind a symbol of Python', 'py', 'x = 1; REG.append("a")\n', 'x = 1; REG.append("b")\n'],
    ['on a line that begins with a star', 'ts', "reg('a', 2\n  * 3)", "reg('a', 2\n  * 4)"],
    ['behind a comment on its line', 'ts', "/* c */ reg('cc', 1)", "/* c */ reg('cc', 2)"],
    ['on a line of a template that begins with `#`', 'ts', 'reg(`\n# one\n`)', 'reg(`\n# two\n`)'],
    ['on a line of Python that begins with a star', 'py', 'reg(\n  *("p", "q"),\n)\n', 'reg(\n  *("p", "r"),\n)\n'],
    ['in the order of values', 'ts', SWAPPED.join('\n'), [SWAPPED[0], SWAPPED[2], SWAPPED[1]].join('\n')],
    [
      'in the order of values on one line',
      'ts',
      'let n = 0\nexport const a = ++n, b = ++n',
      'let n = 0\nexport const b = ++n, a = ++n',
    ],
    ['in the order of a value and a statement', 'ts', 'reg(1)\nexport const a = f()', 'export const a = f()\nreg(1)'],
    ['in the order of values of Python', 'py', 'a = next(n)\nb = next(n)\n', 'b = next(n)\na = next(n)\n'],
    ['in blanks of a template', 'ts', 'reg(`hi  ${n}`)', 'reg(`hi ${n}`)'],
    ['in blanks of a string', 'ts', "reg('a  b')", "reg('a b')"],
    ['in blanks of a regular expression', 'ts', "reg(/'  b/)", "reg(/' b/)"],
    ['in a block of Python', 'py', LOOP, LOOP.replace('\nREG.append(1)', '\n    REG.append(1)')],
    ['in the block of a symbol of Python', 'py', 'if a:\n    b()\nc = 1\n', 'if a:\n    b()\n    c = 1\n'],
    ['in the block of an import of Python', 'py', 'if a:\n    b()\nimport c\n', 'if a:\n    b()\n    import c\n'],
    ['in a text that cannot be parsed', 'ts', 'reg(1)\nfunction (', 'reg(2)\nfunction ('],
    ['in the markup of a component', 'sfc', '<p>a</p><script>let b</script>', '<p>c</p><script>let b</script>'],
    ['in where a call is left out of a load', 'js', "const a = require('./a', f(1))", "const a = require('./a', f(2))"],
    [
      'in a default of what is loaded',
      'js',
      "const { a = f(1) } = require('./a')",
      "const { a = f(2) } = require('./a')",
    ],
    [
      'that no facts tell of',
      'ts',
      "import a from './a' with { type: 'json' }",
      "import a from './a' with { type: 'text' }",
    ],
  ]
  it.each(cases)('is seen %s', (_, dialect, before, after) => {
    expect(touched(dialect, before, after)).toEqual(['*'])
  })

  const bodies: readonly Case[] = [
    ['blanks of a string', 'ts', "export const f = () => 'a  b'", "export const f = () => 'a b'"],
    ['blanks of a template', 'ts', 'export const f = (n) => `hi  ${n}`', 'export const f = (n) => `hi ${n}`'],
    ['the end of a statement', 'ts', 'export function f() { return 1 }', 'export function f() { return\n1 }'],
    ['a text in JSX', 'tsx', 'export const f = () => <p>a {b}</p>', 'export const f = () => <p>a{b}</p>'],
    ['blanks of a string of Python', 'py', 'def f():\n  return "a  b"\n', 'def f():\n  return "a b"\n'],
    ['a string of lines of Python', 'py', 'def f():\n  """a\n  b"""\n', 'def f():\n  """a\n b"""\n'],
    [
      'a block of Python',
      'py',
      'def f():\n  for a in b:\n    c()\n  d()\n',
      'def f():\n  for a in b:\n    c()\n    d()\n',
    ],
  ]
  it.each(bodies)('is one of a symbol alone: %s', (_, dialect, before, after) => {
    expect(touched(dialect, before, after)).toEqual(['f'])
  })
})

describe('no change', () => {
  const python = 'import os  # one\n\nif os.x:\n  # two\n  y(\n    1)\n\nclass A:\n  def f(self):\n    return 1\n'
  const same: readonly Case[] = [
    [
      'comments',
      'ts',
      'reg(1) // a\nexport const a = () => {\n  b() /* c */\n}',
      'reg(1)\n/* b */\n// c\nexport const a = () => {\n  // d\n  b()\n}',
    ],
    [
      'comments in JSX',
      'tsx',
      'export const a = () => <p>\n  {/* one */}\n  <b />\n</p>',
      'export const a = () => <p>\n  <b />\n</p>',
    ],
    [
      'indentation',
      'ts',
      'if (a) {\n  reg(1)\n}\nexport class A {\n  b = 1\n}',
      'if (a) {\n\treg(1)\n}\n\n\nexport class A {\n    b = 1\n}',
    ],
    [
      'indentation of JSX',
      'tsx',
      'export const a = () => (\n  <p>\n    one\n    two\n  </p>\n)',
      'export const a = () => (\n    <p>\n        one\n        two\n    </p>\n)',
    ],
    ['comments and indentation of Python', 'py', python, python.replaceAll('  ', '    ').replaceAll(/ *#.*/g, '')],
    [
      'a place of what is inert',
      'ts',
      'export function a() {}\nexport const b = 1',
      'export const b = 1\nexport function a() {}',
    ],
    ['the end of lines', 'ts', 'reg(1)\nreg(2)\n', 'reg(1)\r\nreg(2)\r\n'],
  ]
  it.each(same)('is what differs in %s', (_, dialect, before, after) => {
    expect(touched(dialect, before, after)).toEqual([])
  })

  const precise: readonly (readonly [...Case, names: readonly string[]])[] = [
    [
      'a value',
      'ts',
      'export const a = f(1)\nreg(1)\n',
      'export const a = f(1)\nexport const b = f(2)\nreg(1)\n',
      ['b'],
    ],
    ['a value of one statement', 'ts', 'export const a = f(1)', 'export const a = f(1), b = 2', ['a', 'b']],
    ['a property', 'js', 'module.exports = {\n  a: 1,\n}', 'module.exports = {\n  a: 1,\n  b: 2,\n}', ['b']],
    ['a require that is not used', 'js', 'exports.a = 1', "const b = require('b')\nexports.a = 1", []],
    ['a value of Python', 'py', 'a = f(1)\n', 'a = f(1)\nb = f(2)\n', ['b']],
    [
      'an import in a block',
      'py',
      'if TYPE_CHECKING:\n  import a\n',
      'if TYPE_CHECKING:\n  import a\n  import b\n',
      ['b'],
    ],
  ]
  it.each(precise)('of the whole is %s more', (_, dialect, before, after, names) => {
    expect(touched(dialect, before, after)).toEqual(names)
  })
})
