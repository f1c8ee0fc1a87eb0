import fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { extractPython } from './python.ts'

const lines = (...all: string[]): string => `${all.join('\n')}\n`
const importsOf = (text: string) =>
  extractPython(text).imports.map(({ kind, specifier, names, typeOnly }) => {
    const named = names.map(({ imported, local, exportedAs }) => `${imported}>${local}>${exportedAs}`)
    return [kind, specifier, ...named, ...(typeOnly ? ['type'] : [])].join(' ')
  })
const symbolsOf = (text: string) => extractPython(text).symbols.map(({ name, kind }) => `${kind} ${name}`)
const usesOf = (text: string, name: string) => extractPython(text).symbols.find((one) => one.name === name)?.uses
const entriesOf = (text: string) =>
  extractPython(text).entryPoints.map(({ kind, method, name, symbol }) => `${kind} ${method} ${name} ${symbol}`)

describe('imports of a Python module', () => {
  it.each([
    ['import a.b.c', ['import a.b.c *>a>a']],
    ['import a.b as x, c', ['import a.b *>x>x', 'import c *>c>c']],
    ['from a.b import c as d, e', ['import a.b c>d>d e>e>e']],
    ['from a import (  # why\n  b,\n  c as d,\n)', ['import a b>b>b c>d>d']],
    ['from . import x', ['import . x>x>x']],
    ['from ..a import *', ['import ..a *>null>*']],
    ['from ....a.b import c', ['import ....a.b c>c>c']],
    ['def f():\n  from a import b\n  import c.d', ['import a b>b>null', 'import c.d *>c>null']],
    ['try:\n  import a\nexcept ImportError:\n  import b as a', ['import a *>a>a', 'import b *>a>a']],
    ['\uFEFFimport a', ['import a *>a>a']],
    ['if TYPE_CHECKING:\n  import a\nelse:\n  import b', ['import a *>a>a type', 'import b *>b>b']],
    ['if typing.TYPE_CHECKING:\n  from a import b', ['import a b>b>b type']],
    ['if not TYPE_CHECKING:\n  import a\nelse:\n  import b', ['import a *>a>a', 'import b *>b>b type']],
  ])('reads %j', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
  })

  it.each([
    ['importlib.import_module("a.b")', ['dynamic a.b *>null>null']],
    ['import_module(".x", package=__package__)', ['dynamic .x *>null>null']],
    ['import_module("..x", "a.b")', ['dynamic a.x *>null>null']],
    ['importlib.import_module(name)', ['dynamic  *>null>null']],
    ['import_module(f"a.{name}")', ['dynamic  *>null>null']],
    ['__import__("x")', ['dynamic x *>null>null']],
    [
      'from django.urls import include\nurlpatterns = [path("api/", include("shop.urls"))]',
      ['import django.urls include>include>include', 'dynamic shop.urls *>null>null'],
    ],
    ['urlpatterns = [path("api/", include("shop.urls"))]', []],
    ['with mock.patch("a.b.c") as m: pass', ['mock a.b.c']],
    ['@patch("a.b." "c", 1)\ndef test(): pass', ['mock a.b.c']],
    ['mocker.patch("a.b")', ['mock a.b']],
    ['patch.dict("os.environ", {})', ['mock os.environ']],
    ['monkeypatch.setattr("a.b.c", 1)', ['mock a.b.c']],
    ['client.patch("/a.b/c")', []],
    ['setattr("a.b", 1)', []],
  ])('finds what %j imports', (text, expected) => {
    expect(importsOf(text)).toEqual(expected)
  })
})

describe('symbols of a Python module', () => {
  it('are its definitions, those in blocks and the members of its classes', () => {
    const text = lines(
      'LIMIT: int = 3',
      'a, (b, *c) = pair',
      'type Pair[T] = tuple[T, T]',
      'Alias: TypeAlias = int',
      'x.y = 1',
      'if cond:',
      '  async def f(): local = 1',
      'else:',
      '  other = 2',
      'for i in range(3): each = i',
      'class Box[T](Base):',
      '  size = 1',
      '  @property',
      '  def area(self) -> int: ...',
      '  def grow(self): self.size = 2',
      '  class Meta: deep = 1',
      'if __name__ == "__main__": result = f()',
    )
    expect(symbolsOf(text)).toEqual([
      'constant LIMIT',
      'variable a',
      'variable b',
      'variable c',
      'type Pair',
      'type Alias',
      'function f',
      'variable other',
      'class Box',
      'property Box.size',
      'property Box.area',
      'method Box.grow',
      'class Box.Meta',
    ])
  })

  it('have a place, a signature and what other modules import them by', () => {
    const text = lines(
      '@deco(',
      '  1)',
      'async def f(a,  # first',
      '    b: int = 2) -> dict[str, int]:  # done',
      '  """Text."""',
      '  return a',
      '',
      '# next',
      'class A(B, metaclass=M):',
      '  x: int = 1',
      '',
      'N: Final[int] = 3',
      "v = 'x' * 3",
    )
    const seen = extractPython(text).symbols.map((symbol) => {
      const { name, line, startLine, endLine, signature, exportedAs } = symbol
      return [name, line, startLine, endLine, signature, ...exportedAs]
    })
    expect(seen).toEqual([
      ['f', 3, 1, 6, 'async def f(a, b: int = 2) -> dict[str, int]', 'f'],
      ['A', 9, 9, 10, 'class A(B, metaclass=M)', 'A'],
      ['A.x', 10, 10, 10, 'x: int'],
      ['N', 12, 12, 12, 'N: Final[int]', 'N'],
      ['v', 13, 13, 13, "v = 'x' * 3", 'v'],
    ])
  })

  it('of one name are one: overloads and accessors', () => {
    const { symbols } = extractPython(
      '@overload\ndef f(a: int): ...\n@overload\ndef f(a: str): ...\ndef f(a): return a\n',
    )
    expect(symbols).toMatchObject([
      { name: 'f', startLine: 1, endLine: 5, signature: 'def f(a: int); def f(a: str); def f(a)' },
    ])
  })

  it.each([
    ['a comment', 'def f():\n  a()  # b\n\n  c()\n', 'def f():\n    a()\n    c()\n', true],
    ['the end of a block', 'def f():\n  if a:\n    b()\n  c()\n', 'def f():\n  if a:\n    b()\n    c()\n', false],
    ['a decorator', '@a\ndef f(): pass\n', '@b\ndef f(): pass\n', false],
    ['a body', 'def f(): a\n', 'def f(): b\n', false],
  ])('have a digest: %s', (_, left, right, same) => {
    const [one, other] = [left, right].map((text) => extractPython(text).symbols[0]?.digest)
    expect(one === other).toBe(same)
  })
})

describe('uses', () => {
  const head = 'from m import a, b, c, T\n'
  it.each([
    ['def f(x=a) -> T: return b.c(c=1)', ['a', 'T', 'b']],
    ['def f(a): return a', []],
    ['def f(x=lambda a: a): return [b for b in c]', ['c']],
    ['def f():\n  a = b\n  return a', ['b']],
    ['def f():\n  global a\n  a = b', ['b']],
    ['def f():\n  def g(): return a\n  return f', ['a']],
    ['def f(x: "list[T]") -> "a.b": ...', ['T', 'a']],
    ['@a.b(c=1)\ndef f(): return sum(c for c in b)', ['a', 'b']],
    ['class f(a, metaclass=b):\n  c: T = 1\n  def g(self, a): return c', ['a', 'b', 'T', 'c']],
    ['f = {a: f"{b!r:>{c}}"}', ['a', 'b', 'c']],
    ['type f[X: a] = b', ['a', 'b']],
    ['def f(x):\n  match x:\n    case a(b=c): return T', ['a', 'T']],
    ['def f():\n  with a as b, c: return b', ['a', 'c']],
    ['def f():\n  yield\n  return a', ['a']],
  ])('of %j', (text, expected) => {
    expect([...(usesOf(head + text, 'f') ?? [])].toSorted()).toEqual(expected.toSorted())
  })

  it('of the module are those outside of definitions', () => {
    const text = `${head}def f(): b\na.setup(c)\nif __name__ == "__main__":\n  x = f()\n`
    expect(extractPython(text).moduleUses).toEqual(['a', 'c', 'f'])
  })
})

describe('entry points', () => {
  it.each([
    ['@app.get("/x")\ndef f(): ...', ['endpoint GET /x f']],
    ['@router.post(path="/x", name="n")\nasync def f(): ...', ['endpoint POST /x f']],
    ['@bp.route("/x", methods=["GET", "post"])\ndef f(): ...', ['endpoint GET /x f', 'endpoint POST /x f']],
    ['@app.route("/x")\n@login\ndef f(): ...', ['endpoint GET /x f']],
    ['@app.route("/x", methods=ALL)\ndef f(): ...', ['endpoint null /x f']],
    ['@app.get(f"{PREFIX}/x")\ndef f(): ...', ['endpoint GET {PREFIX}/x f']],
    ['def make():\n  @app.delete("/x")\n  def f(): ...', ['endpoint DELETE /x make']],
    ['class V:\n  @get("/x")\n  def f(self): ...', ['endpoint GET /x V']],
    ['@api_view(["GET"])\ndef f(): ...', []],
    ['@mock.patch("a.b")\ndef f(): ...', []],
    [
      'urlpatterns = [path("x/", v), re_path(r"^y$", v), path("z/", include("z.urls"))]',
      ['endpoint null /x/ urlpatterns', 'endpoint null /^y$ urlpatterns'],
    ],
    ['path("x/", v)', []],
    ['def f(app): app.add_url_rule("/x", "x", v)', ['endpoint GET /x f']],
    ['app.add_api_route("/x", v, methods=["PUT"])', ['endpoint PUT /x null']],
    ['@shared_task\ndef f(): ...', ['job null f f']],
    ['@celery.task(bind=True, name="n")\ndef f(): ...', ['job null n f']],
    ['@dramatiq.actor\ndef f(): ...', ['job null f f']],
    ['@flow(name="n")\ndef f(): ...', ['job null n f']],
    ['@scheduler.scheduled_job("cron")\ndef f(): ...', ['job null f f']],
  ])('in %j', (text, expected) => {
    expect(entriesOf(text)).toEqual(expected)
  })
})

describe('any text', () => {
  it.each([
    ['a bare yield', 'def f():\n  yield\n'],
    ['a number that ends with its point', 'x = f(1., 2.)\n'],
    ['parenthesized context managers', 'with (a() as b,  # why\n  c() as d,\n):\n  x = 1\n'],
    ['targets of with', 'with a as (b, c), d as e.f:\n  x = 1\n'],
    ['stars in subscripts and loops', 'x: tuple[*Ts]\nfor y in *a, *b: pass\n'],
    ['defaults of type parameters', 'class A[T = int, *Ts = B[C, D]]: pass\ndef f[T: B=C](a): pass\n'],
    ['any expression as a decorator', '@a[0].b\ndef f(): pass\n'],
    ['template texts', 'x = t"{a}"\n'],
    ['exceptions without parentheses', 'try: pass\nexcept A, B: pass\n'],
  ])('is complete with %s', (_, text) => {
    expect(extractPython(text).incomplete).toBe(false)
  })

  it('with errors is incomplete and gives the rest', () => {
    const facts = extractPython('import a\ndef f(:\n  pass\nx = = 1\ndef g(): return a\n')
    expect(facts.incomplete).toBe(true)
    expect(facts.symbols.find(({ name }) => name === 'g')?.uses).toEqual(['a'])
  })

  it.each(['(', '([{', 'f(', 'a[', 'not ', 'lambda:', '@', '*', 'f"{', 'x y def : )\n', 'a, '])(
    'of %j many times is no trouble',
    (piece) => {
      expect(() => extractPython(piece.repeat(12_000))).not.toThrow()
    },
  )

  it('gives facts whatever it is, cut anywhere', () => {
    const sample = lines(
      'from .a import (b as c, *)',
      '@app.route("/x", methods=["GET"])',
      'async def f(a: "T" = lambda x, /: x, *, b) -> T:',
      '    with (a as b, c as d.e): yield',
      "    x = f'{a!r:>{b}}' '''c''' if 1. else {**a, 'b': [*c]}",
      '    match x:',
      '        case {"a": [1, *rest]} | A(x=1) as y if z: return (n := 10)',
      'class A[T = int](B): x: int = mock.patch("a.b.c")',
    )
    const piece = fc.constantFrom(...sample.split(/\b/), '\n', '    ', '"""', '\\', '\0', '\uD800', 'é')
    const mixed = fc.array(piece, { maxLength: 60 }).map((pieces) => pieces.join(''))
    const cut = fc.tuple(fc.nat(sample.length), fc.nat(sample.length)).map(([from, to]) => sample.slice(from, to))
    fc.assert(
      fc.property(fc.oneof(mixed, cut, fc.string({ unit: 'binary' })), (text) => {
        const { symbols, imports } = extractPython(text)
        for (const { startLine, line, endLine } of symbols)
          expect([startLine, line, endLine]).toEqual([startLine, line, endLine].toSorted((one, other) => one - other))
        for (const { line } of imports) expect(line).toBeGreaterThan(0)
      }),
      { numRuns: 800 },
    )
  })
})
