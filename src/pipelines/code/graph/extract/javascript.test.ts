import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import type { Facts, ImportFact } from '../facts.ts'
import type { ScriptDialect } from './javascript/parse.ts'
import { extractJavaScript } from './javascript.ts'

const extract = (text: string, dialect: ScriptDialect = 'tsx'): Facts => extractJavaScript(text, dialect)

/** `kind specifier: imported as local -> exported, …` */
function importLine({ kind, typeOnly, specifier, names }: ImportFact): string {
  const shown = names.map(({ imported, local, exportedAs }) => {
    const bound = local === null ? '' : ` as ${local}`
    return imported + bound + (exportedAs === null ? '' : ` -> ${exportedAs}`)
  })
  return `${typeOnly ? 'type ' : ''}${kind} ${specifier ?? 'null'}: ${shown.join(', ')}`.trim()
}

const imports = (text: string, dialect?: ScriptDialect): string[] => extract(text, dialect).imports.map(importLine)

describe('imports', () => {
  test.each<[text: string, ...expected: string[]]>([
    ["import a, { b as c } from 'x'", 'import x: default as a, b as c'],
    ["import * as ns from 'x'", 'import x: * as ns'],
    ["import 'x'", 'import x:'],
    ["import type { A } from 'x'", 'type import x: A as A'],
    ["import { type A, type B } from 'x'", 'type import x: A as A, B as B'],
    ["import { a, type B } from 'x'", 'import x: a as a', 'type import x: B as B'],
    ["import { A } from 'x'; type B = A", 'import x: A as A'],
    ["import a = require('x')", 'require x: * as a'],
    ["import type a = require('x')", 'type require x: * as a'],
    ["import { a } from 'x'; export { a, a as b }", 'import x: a as a -> a, a as a -> b'],
    ["import a from 'x'; export default a", 'import x: default as a -> default'],
    ["export { a as b, type C } from 'x'", 're-export x: a -> b', 'type re-export x: C -> C'],
    ["export * from 'x'", 're-export x: * -> *'],
    ["export * as ns from 'x'", 're-export x: * -> ns'],
    ["export type * from 'x'", 'type re-export x: * -> *'],
    ["import('x')", 'dynamic x: *'],
    ['import(`x`); import(`./${a}`)', 'dynamic x: *', 'dynamic null: *'],
    ["const { a, b: c } = await import('x')", 'dynamic x: a as a, b as c'],
    ["f((await import('x')).a)", 'dynamic x: a'],
    ["import('x').then(({ a }) => a())", 'dynamic x: a as a'],
    ["lazy(() => import('x').then((m) => ({ default: m.A })))", 'dynamic x: A'],
    ["import('x').then((m) => f(m))", 'dynamic x: *'],
    ["const a = require('x')", 'require x: * as a'],
    ["const { a } = require('x'); exports.b = a", 'require x: a as a -> b'],
    ["const a = require('x').b", 'require x: b as a'],
    ["module.exports = { ...require('x'), a: require('y').b }", 'require x: * -> *', 'require y: b -> a'],
    ["require.resolve('x'); import.meta.resolve('y')", 'url x: *', 'url y: *'],
    ["new URL('./x', import.meta.url); new URL(x, import.meta.url)", 'url ./x: *', 'url null: *'],
    ["new URL('..', import.meta.url); new URL('./x/', import.meta.url); new URL('./x', base)"],
    ["vi.mock('x', () => ({})); jest.requireActual('y')", 'mock x: *', 'mock y: *'],
    ["vi.mock(import('x')); mock.module('y')", 'mock x: *', 'mock y: *'],
    ["t.mock.module('x'); t.vi.mock('y')", 'mock x: *'],
    ["let a: import('x').T.U; let b: typeof import('y')", 'type import x: T', 'type import y: *'],
    ["declare module 'x' { import { a } from 'y' }", 'type import y: a as a'],
    [
      '/// <reference path="a.d.ts" />\n/// <reference types="node" />',
      'type reference ./a.d.ts:',
      'type reference node:',
    ],
  ])('%s', (text, ...expected) => {
    expect(imports(text)).toEqual(expected)
  })

  it('are told with their lines, also after characters of more than one byte', () => {
    expect(extract("// ä😀\n\nimport a from 'x'\n").imports[0]?.line).toBe(3)
  })
})

/** `kind name: exported` */
const symbolLines = (text: string, dialect?: ScriptDialect): string[] =>
  extract(text, dialect).symbols.map(({ kind, name, exportedAs }) => `${kind} ${name}: ${exportedAs.join(' ')}`.trim())

describe('symbols', () => {
  test.each<[text: string, ...expected: string[]]>([
    ['export function f() {} async function* g() {}', 'function f: f', 'function g:'],
    ['export const a = 1, { b, c: [d] } = x; let e', 'constant a: a', 'constant b: b', 'constant d: d', 'variable e:'],
    ['const a = 1; export { a as b, a as default }', 'constant a: b default'],
    ['export type A = 1; namespace N { const a = 1 }', 'type A: A', 'namespace N:'],
    ["declare function f(): void; declare module 'x' { const a: 1 }", 'function f:'],
    ['export default function () {}', 'function default: default'],
    ['export default class A {}', 'class A: default'],
    ['export default { a: 1 }', 'constant default: default'],
    ['class A {} export = A', 'class A: default *'],
    ['export interface A { b: 1; c(): void }', 'interface A: A', 'property A.b:', 'method A.c:'],
    ["enum A { B = 'b', C }", 'enum A:', 'property A.B:', 'property A.C:'],
    [
      'class A { constructor(readonly a: B) {} get b() { return 1 } set b(_) {} #c = 1; d = 1 }',
      'class A:',
      'method A.constructor:',
      'property A.a:',
      'property A.b:',
      'property A.d:',
    ],
    ["const a = require('x'); const b = require('y')(a)", 'constant b:'],
    ['function a() {} module.exports = { a, b: a, c() {} }', 'function a: a b', 'function c: c'],
    ['exports.a = function () {}; exports.b = 1', 'function a: a', 'constant b: b'],
    ['function f() {} module.exports = f', 'function f: default *'],
    ['module.exports = class A {}', 'class A: default *'],
  ])('%s', (text, ...expected) => {
    expect(symbolLines(text)).toEqual(expected)
  })

  test.each<[text: string, signature: string]>([
    ['export async function f(a: A): Promise<B> { return a }', 'async function f(a: A): Promise<B>'],
    ['const f = async <T>(a: T): B => { g() }', 'const f = async <T>(a: T): B'],
    ['const f: Handler = (c) => ({ c })', 'const f: Handler = (c)'],
    ['const a: A<B> = f()', 'const a: A<B>'],
    ['const a = f(1)', 'const a = f(1)'],
    ['@D() class A<T> extends B<T> /* c */ implements C { }', 'class A<T> extends B<T> implements C'],
    ['export interface A {\n  // why\n  b: 1\n}', 'interface A { b: 1 }'],
    [
      'function f(a: 1): 1; function f(a: 2): 2; function f(a: any) { }',
      'function f(a: 1): 1; function f(a: 2): 2; function f(a: any)',
    ],
    ['export default (a: A) => a', 'export default (a: A)'],
  ])('have the signature that callers rely on: %s', (text, signature) => {
    expect(extract(text, 'ts').symbols[0]?.signature).toBe(signature)
  })

  it('have a digest that comments and layout do not change', () => {
    const [a, b, c] = [
      'function f() { return 1 }',
      'function f() {\n  // one\n  return 1 }',
      'function f() { return 2 }',
    ].map((text) => extract(text).symbols[0]?.digest)
    expect(b).toBe(a)
    expect(c).not.toBe(a)
  })

  it('have the lines of the whole definition and of the name', () => {
    const [symbol, member] = extract('\n@D()\nexport class A {\n  @E()\n  f() {\n  }\n}\n').symbols
    expect(symbol).toMatchObject({ line: 3, startLine: 2, endLine: 7 })
    expect(member).toMatchObject({ name: 'A.f', line: 5, startLine: 4, endLine: 6 })
  })
})

describe('uses', () => {
  const text = (body: string): string =>
    `import a, { b, type C } from 'x'; import * as ns from 'y'; const d = 1; function e() {}\n${body}`

  test.each<[body: string, ...uses: string[]]>([
    ['function f() { a(b.c, { d: 1, e }) }', 'a', 'b', 'e'],
    ['function f(x: C): ns.T { return x }', 'C', 'ns'],
    ['function f() { return <a b={d}><ns.B /></a> }', 'd', 'ns'],
    ['function f(a, { b = d }) { const e = a; return b + e }', 'd'],
    ['function f(C) { let x: C }', 'C'],
    ['function f() { return f() + x.a + y.b() }'],
    ["async function f() { const { g } = await import('z'); g() }", 'g'],
    ['class F extends a { @b() m(x: C) { e() } }', 'a', 'b', 'C', 'e'],
    ['const f = a(() => { e() })', 'a', 'e'],
    ['type F = (a: C) => typeof d', 'C', 'd'],
  ])('%s', (body, ...uses) => {
    const symbol = extract(text(body)).symbols.find(({ name }) => name === 'f' || name === 'F')
    expect(symbol?.uses.toSorted()).toEqual(uses.toSorted())
  })

  it('of statements belong to the module, those of initialisers to their symbols', () => {
    expect(extract(text('describe(a, () => { b() }); if (d) { ns.x() } const f = e()')).moduleUses).toEqual([
      'a',
      'b',
      'd',
      'ns',
    ])
  })
})

describe('entry points', () => {
  test.each<[text: string, ...expected: string[]]>([
    ["app.get('/a', h); r.b.all('*', h)", 'GET /a', 'any *'],
    ["new Hono().get('/a', h).post('/b', m, (c) => c)", 'GET /a', 'POST /b'],
    ["app.route('/a').get(h).post(i)", 'GET /a', 'POST /a'],
    ["app.get('/a', { schema }, h)", 'GET /a'],
    ["app.get('a', h); map.get('/a'); store.put('/a', { b: 1 })"],
    ["axios.post('/a', b); this.http.get('/a', o); request(app).get('/a', f); apiClient.put('/a', b)"],
    ["api.get('/a', o)"],
    ["api.get('/a', (c) => c)", 'GET /a'],
    ["app.route({ method: ['GET', 'PUT'], url: '/a', handler })", 'GET /a', 'PUT /a'],
    ["const op = defineOperation({ name: 'a.b', method: 'get', path: '/a' })", 'GET /a (a.b) in op'],
    ["app.inject({ method: 'GET', url: '/a' }); expect(x).toEqual({ method: 'GET', url: '/a' })"],
    [
      "@Controller('cats') class Cats { @Get(':id') one() {} @Post() add() {} @Roles('a') x() {} }",
      'GET /cats/:id in Cats',
      'POST /cats in Cats',
    ],
    ["function routes(app) { app.get('/a', h) }", 'GET /a in routes'],
    ["new Worker('mail', f); new Worker(new URL('./w.ts', import.meta.url), {}); new Queue('q', {})", 'job mail'],
    ["new CronJob('* * * * *', f); cron.schedule('0 0 * * *', f)", 'job * * * * *', 'job 0 0 * * *'],
    ["boss.work('a', f); mailQueue.process('b', f); postcss.process('c', d)", 'job a', 'job b'],
    [
      "inngest.createFunction({ id: 'a' }, e, f); task({ id: 'b' }); schedules.task({ id: 'c' })",
      'job a',
      'job b',
      'job c',
    ],
    ["definePipeline({ id: 'a' }); createWorker('b'); createJob<T>({ queue: 'c' })", 'job a', 'job b', 'job c'],
  ])('%s', (text, ...expected) => {
    const lines = extract(text, 'ts').entryPoints.map(({ kind, method, name, title, symbol }) => {
      const place = (title === null ? '' : ` (${title})`) + (symbol === null ? '' : ` in ${symbol}`)
      return `${kind === 'job' ? 'job' : (method ?? 'any')} ${name}${place}`
    })
    expect(lines).toEqual(expected)
  })
})

describe('texts with errors', () => {
  it('lose only the definition that is wrong, whose imports are looked for word by word', () => {
    const text =
      "import a from 'x'\nfunction f() {\n  if (\n  require('y')\n}\nexport const b = a\nimport { c } from 'z' +\n"
    const facts = extract(text, 'ts')
    expect(facts.incomplete).toBe(true)
    expect(facts.symbols).toMatchObject([{ name: 'b', line: 6, uses: ['a'] }])
    expect(facts.imports).toMatchObject([
      { specifier: 'x', line: 1 },
      { specifier: 'y', line: 4 },
      { specifier: 'z', line: 7 },
    ])
  })

  it('are not those that nest deeper than the parser can', () => {
    for (const deep of ['[', '(', 'a?b:', 'a=>', '<a>', 'if(a)', '{', 'x=', '!', 'else if(a){}', '`${', 'new ', '- ']) {
      const facts = extract(`import a from 'x'\nx=${deep.repeat(50_000)}`)
      expect(facts).toMatchObject({ incomplete: true, imports: [{ specifier: 'x' }] })
    }
  })

  it('are parsed as TypeScript when JavaScript has types', () => {
    expect(extract('export function f(a: string): void {}', 'js')).toMatchObject({
      incomplete: false,
      symbols: [{ name: 'f' }],
    })
  })

  const files = readdirSync(import.meta.dirname, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8'))

  it('do not occur in this folder', () => {
    expect(files.map((text) => extract(text, 'ts').incomplete)).not.toContain(true)
  })

  it('never make it throw', () => {
    const cut = fc.tuple(fc.constantFrom(...files), fc.nat(), fc.nat({ max: 60 }), fc.string({ maxLength: 3 }))
    const dialects = fc.constantFrom<ScriptDialect>('ts', 'tsx', 'dts', 'js')
    fc.assert(
      fc.property(cut, dialects, fc.boolean(), ([text, at, length, put], dialect, truncated) => {
        const start = at % (text.length + 1)
        const end = truncated ? text.length : start + length
        const facts = extract(text.slice(0, start) + put + text.slice(end), dialect)
        expect(facts.symbols.every(({ startLine, line, endLine }) => startLine <= line && line <= endLine)).toBe(true)
      }),
      { numRuns: 200 },
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), dialects, (text, dialect) => void extract(text, dialect)))
  })
})
