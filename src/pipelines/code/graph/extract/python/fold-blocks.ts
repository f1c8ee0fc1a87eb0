const OPENING = '([{'
const CLOSING = ')]}'
const LAYOUT = /[([{]|[)\]}]|(?:\\\r?\n|\s)+/g

/**
 * Python without comments, whose strings show no blanks and brackets, with one tab for each block that a line stands in.
 * `before` is what stands on the first line before it.
 */
export function foldBlocks(coded: string, before: string): string {
  const blocks = [columnOf(/^\s*/.exec(before)?.[0] ?? '')]
  let depth = 0
  const folded = coded.replaceAll(LAYOUT, (found: string, at: number) => {
    if (OPENING.includes(found)) depth++
    else if (CLOSING.includes(found)) depth = Math.max(0, depth - 1)
    else
      return blanksFor(found, { depth, blocks, before: coded.charAt(at - 1), after: coded.charAt(at + found.length) })
    return found
  })
  return folded.trim()
}

interface Around {
  readonly depth: number
  /** Columns at which the blocks around begin. */
  readonly blocks: number[]
  readonly before: string
  readonly after: string
}

function blanksFor(blanks: string, { depth, blocks, before, after }: Around): string {
  const newline = blanks.replaceAll(/\\\r?\n/g, ' ').lastIndexOf('\n')
  if (depth > 0) return `${OPENING},`.includes(before) || `${CLOSING},`.includes(after) ? '' : ' '
  if (newline < 0) return ' '
  const column = columnOf(blanks.replaceAll(/\\\r?\n/g, ' ').slice(newline + 1))
  while (blocks.length > 1 && column < (blocks.at(-1) ?? 0)) blocks.pop()
  if (column > (blocks.at(-1) ?? 0)) blocks.push(column)
  return `\n${'\t'.repeat(blocks.length - 1)}`
}

function columnOf(blanks: string): number {
  let column = 0
  for (const character of blanks) column = character === '\t' ? column + 8 - (column % 8) : column + 1
  return column
}
