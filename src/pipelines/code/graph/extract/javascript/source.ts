import type { Comment } from 'oxc-parser'

import { verbatim } from '../verbatim.ts'

export interface Span {
  readonly start: number
  readonly end: number
}

/** What stands in a text and is no code: a literal counts as it is written, of a text in JSX only what is shown. */
interface Mark extends Span {
  readonly kind: 'comment' | 'empty' | 'literal' | 'markup'
}

/** A text with its lines and comments, by offsets in UTF-16 units. */
export class JavaScriptSource {
  readonly text: string
  readonly comments: readonly Comment[]
  readonly #lineStarts: number[] = [0]
  readonly #noted: Mark[] = []
  #marks: readonly Mark[] | null = null
  readonly #folded = new Map<number, string>()

  constructor(text: string, comments: readonly Comment[]) {
    this.text = text
    this.comments = comments
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) this.#lineStarts.push(at + 1)
  }

  lineAt(offset: number): number {
    return firstAbove(this.#lineStarts, offset, (start) => start)
  }

  /** The text of a span without its comments. */
  plain(start: number, end: number): string {
    let index = firstAbove(this.comments, start - 1, (comment) => comment.start)
    let from = start
    let plain = ''
    for (let comment = this.comments[index]; comment !== undefined && comment.start < end;) {
      plain += `${this.text.slice(from, comment.start)} `
      from = Math.min(comment.end, end)
      comment = this.comments[++index]
    }
    return plain + this.text.slice(from, end)
  }

  /** Of literals other than strings in quotes, which are known by their quotes. To be called for all before `fold`. */
  note(kind: Mark['kind'], { start, end }: Span): void {
    this.#noted.push({ kind, start, end })
  }

  /** The text of a span without comments, indentation and other layout that means nothing. */
  fold(start: number, end: number): string {
    const key = start * MAX_OFFSET + end
    const known = this.#folded.get(key)
    if (known !== undefined) return known
    this.#marks ??= this.#sortedMarks()
    let index = firstAbove(this.#marks, start - 1, (mark) => mark.start)
    let from = start
    let coded = ''
    for (let mark = this.#marks[index]; mark !== undefined && mark.start < end; mark = this.#marks[++index]) {
      if (mark.start < from) continue
      coded += withStrings(this.text.slice(from, mark.start)) + codeOf(mark, this.text.slice(mark.start, mark.end))
      from = mark.end
    }
    const folded = foldLayout(coded + withStrings(this.text.slice(from, end)))
    this.#folded.set(key, folded)
    return folded
  }

  #sortedMarks(): readonly Mark[] {
    const comments = this.comments.map(({ start, end }): Mark => ({ kind: 'comment', start, end }))
    return [...comments, ...this.#noted].toSorted((a, b) => a.start - b.start || b.end - a.end)
  }
}

/** Index of the first item whose offset is above `offset`, of items in the order of their offsets. */
function firstAbove<T>(items: readonly T[], offset: number, offsetOf: (item: T) => number): number {
  let low = 0
  let high = items.length
  while (low < high) {
    const middle = (low + high) >>> 1
    const item = items[middle]
    if (item !== undefined && offsetOf(item) <= offset) low = middle + 1
    else high = middle
  }
  return low
}

/** Above all offsets. */
const MAX_OFFSET = 2 ** 26
const QUOTED = /'[^'\\\n]*(?:\\[\s\S][^'\\\n]*)*'|"[^"\\\n]*(?:\\[\s\S][^"\\\n]*)*"/g

function withStrings(code: string): string {
  return code.replaceAll(QUOTED, verbatim)
}

function codeOf({ kind }: Mark, text: string): string {
  if (kind === 'empty') return ''
  if (kind === 'comment') return text.includes('\n') ? '\n' : ' '
  return verbatim(kind === 'markup' ? shownText(text) : text)
}

/** As JSX shows it: lines are trimmed where they were broken. */
function shownText(text: string): string {
  if (!text.includes('\n')) return text
  const lines = text.split('\n')
  return lines
    .map((line, at) => (at === 0 ? line.trimEnd() : at === lines.length - 1 ? line.trimStart() : line.trim()))
    .filter((line) => line !== '')
    .join(' ')
}

/** Runs of blanks, and what is a blank but no space. */
const BLANKS = /\s{2,}|[^\S ]/g
const MEANINGLESS = /(?<=[{([,;])\s|\s(?=[})\],;])/g

/** That a line is broken may end a statement: not beside brackets, commas and semicolons. */
function foldLayout(coded: string): string {
  const short = coded.replaceAll(BLANKS, (blanks) => (blanks.includes('\n') ? '\n' : ' '))
  return short.replaceAll(MEANINGLESS, '').trim()
}
