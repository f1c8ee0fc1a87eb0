import type { Comment } from 'oxc-parser'

export interface Span {
  readonly start: number
  readonly end: number
}

/** A text with its lines and comments, by offsets in UTF-16 units. */
export class JavaScriptSource {
  readonly text: string
  readonly comments: readonly Comment[]
  readonly #lineStarts: number[] = [0]

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
