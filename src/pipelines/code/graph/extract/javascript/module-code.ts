import type { Directive, Expression, Statement } from 'oxc-parser'

import { digestOf, type ModuleFacts } from '../../facts.ts'
import { unwrap } from './nodes.ts'
import type { JavaScriptSource, Span } from './source.ts'

/** `require('x')` or `await import('x')` that does nothing but bind names; what it binds is told by the imports. */
const PLAIN_LOAD =
  /^(?:[\w$]+|\{[\w$\s,:]*\})\s*=\s*(?:await\s+import|require)\s*\(\s*(?:'[^'\\]*'|"[^"\\]*")\s*\)(?:\.[\w$]+)?;?$/
const MAX_LOAD = 5_000

/** What of a module is neither a top-level symbol nor an import, and the order in which it is loaded. */
export class ModuleCode {
  readonly #source: JavaScriptSource
  /** What other facts tell of. */
  readonly #told: Span[] = []
  readonly #order: { readonly at: number; readonly name: string }[] = []

  constructor(source: JavaScriptSource) {
    this.#source = source
  }

  /** Other facts tell of all that stands there. */
  told(span: Span): void {
    this.#told.push(span)
  }

  isPlainLoad({ start, end }: Span): boolean {
    return end - start < MAX_LOAD && PLAIN_LOAD.test(this.#source.plain(start, end).trim())
  }

  /** Something runs for the symbol when the module is loaded. */
  runs(name: string, at: number): void {
    this.#order.push({ name, at })
  }

  facts(statements: readonly (Directive | Statement)[]): ModuleFacts {
    const all = this.#told.toSorted((a, b) => a.start - b.start || b.end - a.end)
    const pieces: string[] = []
    const texts: string[] = []
    let next = 0
    for (const statement of statements) {
      const { start, end } = statement
      texts.push(this.#source.fold(start, end))
      const inside: Span[] = []
      for (let told = all[next]; told !== undefined && told.start < end; told = all[++next]) inside.push(told)
      const piece = this.#untold(statement, inside)
      if (piece === '') continue
      this.#order.push({ name: `#${pieces.length}`, at: start })
      pieces.push(piece)
    }
    return {
      digest: digestOf(pieces.join('\n')),
      loadOrder: this.#order.toSorted((a, b) => a.at - b.at).map(({ name }) => name),
      textDigest: digestOf(texts.toSorted().join('\n')),
    }
  }

  #untold({ type, start, end }: Directive | Statement, told: readonly Span[]): string {
    if (type === 'EmptyStatement') return ''
    if (told.length === 0) return this.#source.fold(start, end)
    let from = start
    let untold = ''
    for (const span of told) {
      if (span.start > from) untold += this.#source.fold(from, span.start) + TOLD
      from = Math.max(from, span.end)
    }
    if (from < end) untold += this.#source.fold(from, end)
    // A comma behind it comes and goes with it.
    return untold.replaceAll(TOLD_PARTS, '').replace(/^;$/, '')
  }
}

const TOLD = '\uE000'
const TOLD_PARTS = /\uE000,?/g

/** Whether nothing can happen when it is worked out, nor what it gives depend on when that is. */
export function isInert(value: Expression | null): boolean {
  if (value === null) return true
  const node = unwrap(value)
  switch (node.type) {
    case 'Literal':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return true
    case 'TemplateLiteral':
      return node.expressions.length === 0
    default:
      return false
  }
}
