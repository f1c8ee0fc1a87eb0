import type { parser } from '@lezer/python'

import { verbatim } from '../verbatim.ts'
import { foldBlocks } from './fold-blocks.ts'

type Tree = ReturnType<typeof parser.parse>

/** What is left out, and what stands in its place. */
export interface Gap {
  readonly start: number
  readonly end: number
  readonly put: string
}

/**
 * A syntax tree as rows in the order of the text: the nodes below `node` are `node + 1` to `end(node) - 1`. It is walked
 * by loops alone, so that no nesting exhausts the stack. -1 is no node.
 */
export class PythonTree {
  readonly text: string
  readonly #names: string[] = []
  readonly #from: number[] = []
  readonly #to: number[] = []
  readonly #end: number[] = []
  readonly #parent: number[] = []
  readonly errors: number[] = []
  readonly #comments: number[] = []
  /** Comments and strings, without what stands within strings. */
  readonly #marks: number[] = []
  readonly #lineStarts: number[] = [0]

  /** `text` may differ from what was parsed in characters, not in length. */
  constructor(text: string, tree: Tree) {
    this.text = text
    const open: number[] = []
    let literalEnd = 0
    tree.iterate({
      enter: ({ type, from, to }) => {
        const node = this.#names.length
        if (type.isError) this.errors.push(node)
        if (type.name === 'Comment') this.#comments.push(node)
        const isLiteral = type.name === 'String' || type.name === 'FormatString'
        if ((isLiteral || type.name === 'Comment') && from >= literalEnd) this.#marks.push(node)
        if (isLiteral) literalEnd = Math.max(literalEnd, to)
        this.#names.push(type.name)
        this.#from.push(from)
        this.#to.push(to)
        this.#end.push(node + 1)
        this.#parent.push(open.at(-1) ?? -1)
        open.push(node)
      },
      leave: () => {
        this.#end[open.pop() ?? 0] = this.#names.length
      },
    })
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1)
  }

  get size(): number {
    return this.#names.length
  }

  name(node: number): string {
    return this.#names[node] ?? ''
  }

  from(node: number): number {
    return this.#from[node] ?? 0
  }

  to(node: number): number {
    return this.#to[node] ?? 0
  }

  end(node: number): number {
    return this.#end[node] ?? node + 1
  }

  parent(node: number): number {
    return this.#parent[node] ?? -1
  }

  textOf(node: number): string {
    return this.text.slice(this.from(node), this.to(node))
  }

  /** Comments left out. */
  children(node: number): number[] {
    const found: number[] = []
    for (let at = node + 1; at < this.end(node); at = this.end(at)) if (this.name(at) !== 'Comment') found.push(at)
    return found
  }

  child(node: number, name: string): number {
    for (let at = node + 1; at < this.end(node); at = this.end(at)) if (this.name(at) === name) return at
    return -1
  }

  /** Where the last token below the node ends: nodes themselves may take in the blanks after them. */
  lastTo(node: number): number {
    for (let at = this.end(node) - 1; at > node; at--)
      if (this.end(at) === at + 1 && this.name(at) !== 'Comment' && this.to(at) > this.from(at)) return this.to(at)
    return this.to(node)
  }

  lineAt(offset: number): number {
    return firstAbove(this.#lineStarts.length, (index) => (this.#lineStarts[index] ?? 0) > offset)
  }

  /** The text between two offsets without its comments. */
  plain(start: number, end: number): string {
    let plain = ''
    let from = start
    const commentAt = (index: number): number => this.#comments[index] ?? -1
    let index = firstAbove(this.#comments.length, (at) => this.from(commentAt(at)) >= start)
    for (; index < this.#comments.length && this.from(commentAt(index)) < end; index++) {
      plain += `${this.text.slice(from, this.from(commentAt(index)))} `
      from = this.to(commentAt(index))
    }
    return plain + this.text.slice(from, Math.max(from, end))
  }

  /** The text between two offsets without comments and layout; strings are kept as they are written. */
  fold(start: number, end: number, gaps: readonly Gap[] = []): string {
    let from = start
    let coded = ''
    for (const gap of gaps) {
      coded += this.#coded(from, gap.start) + gap.put
      from = gap.end
    }
    const lineStart = this.text.lastIndexOf('\n', start - 1) + 1
    return foldBlocks(coded + this.#coded(from, end), this.text.slice(lineStart, start))
  }

  #coded(start: number, end: number): string {
    const markAt = (index: number): number => this.#marks[index] ?? -1
    let index = firstAbove(this.#marks.length, (at) => this.from(markAt(at)) >= start)
    let from = start
    let coded = ''
    for (; index < this.#marks.length && this.from(markAt(index)) < end; index++) {
      const mark = markAt(index)
      const code = this.name(mark) === 'Comment' ? '' : verbatim(this.textOf(mark))
      coded += this.text.slice(from, this.from(mark)) + code
      from = this.to(mark)
    }
    return coded + this.text.slice(from, Math.max(from, end))
  }
}

/** The first of `count` indexes for which it holds; it holds for all after it. */
export function firstAbove(count: number, holds: (index: number) => boolean): number {
  let low = 0
  let high = count
  while (low < high) {
    const middle = (low + high) >>> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
