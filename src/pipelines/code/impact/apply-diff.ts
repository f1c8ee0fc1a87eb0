import type { Hunk } from './diff.ts'

/** `backward`: the text is what the diff leads to, and what it was before is asked for. */
export type Direction = 'forward' | 'backward'

/** Lines to compare while looking for hunks that have moved; beyond, the text is too much like itself to tell. */
const MAX_COMPARISONS = 5_000_000

/**
 * The text on the other side of a diff, or null when it does not apply. Every line of context and every removed line must
 * be there, as for `git apply`: at the stated place or else nearest to it. Ends of lines may differ throughout.
 */
export function applyDiff(text: string, hunks: readonly Hunk[], direction: Direction): string | null {
  const blocks = hunks.map((hunk) => blockOf(hunk, direction))
  const applied = replaceBlocks(linesOf(text), blocks)
  if (applied !== null) return applied
  const [plain, plainBlocks] = [withoutReturns(text), blocks.map(blockWithoutReturns)]
  const result = replaceBlocks(linesOf(plain), plainBlocks)
  return plain === text ? result : (result?.replaceAll('\n', '\r\n') ?? null)
}

/** A hunk as seen from the side that is there. */
interface Block {
  /** Where `from` begins, from 0. */
  readonly at: number
  readonly from: readonly string[]
  readonly to: readonly string[]
  /** As git has it: a hunk that begins with the text, or ends with it, does so wherever it is found. */
  readonly elsewhere: 'nowhere' | 'end' | 'anywhere'
  readonly open: boolean
}

function blockOf(hunk: Hunk, direction: Direction): Block {
  const [gone, come] = direction === 'forward' ? ['-', '+'] : ['+', '-']
  const old = sideOf(hunk.lines, '-', hunk.oldEndsOpen)
  const after = sideOf(hunk.lines, '+', hunk.newEndsOpen)
  const [from, to] = gone === '-' ? [old, after] : [after, old]
  const start = direction === 'forward' ? hunk.oldStart : hunk.newStart
  const leading = hunk.lines.findIndex((line) => line[0] === gone || line[0] === come) !== 0
  const trailing = hunk.lines.at(-1)?.startsWith(' ') === true
  return {
    at: from.length === 0 ? start : Math.max(0, start - 1),
    from,
    to,
    elsewhere: start <= 1 || !(leading || trailing) ? 'nowhere' : trailing ? 'anywhere' : 'end',
    open: hunk.oldEndsOpen || hunk.newEndsOpen,
  }
}

function sideOf(lines: readonly string[], mark: '-' | '+', endsOpen: boolean): string[] {
  const side = lines.filter((line) => line[0] === ' ' || line[0] === mark).map((line) => `${line.slice(1)}\n`)
  if (endsOpen && side.length > 0) side.push((side.pop() ?? '').slice(0, -1))
  return side
}

/** Each with its line feed. */
function linesOf(text: string): string[] {
  const lines = text.split('\n')
  const last = lines.pop() ?? ''
  const ended = lines.map((line) => `${line}\n`)
  return last === '' ? ended : [...ended, last]
}

function replaceBlocks(lines: readonly string[], blocks: readonly Block[]): string | null {
  const ids = new Map<string, number>()
  const idOf = (line: string): number => {
    const known = ids.get(line)
    if (known === undefined) ids.set(line, ids.size)
    return known ?? ids.size - 1
  }
  const text = Int32Array.from(lines, idOf)
  const budget = { left: MAX_COMPARISONS }
  const result: string[] = []
  let taken = 0
  for (const block of blocks) {
    const place = findBlock({ text, from: Int32Array.from(block.from, idOf), after: taken, block, budget })
    if (place < 0) return null
    result.push(lines.slice(taken, place).join(''), block.to.join(''))
    taken = place + block.from.length
  }
  result.push(lines.slice(taken).join(''))
  return result.join('')
}

interface Search {
  readonly text: Int32Array
  readonly from: Int32Array
  /** What stands before has been replaced. */
  readonly after: number
  readonly block: Block
  readonly budget: { left: number }
}

/** Line at which the block stands, or -1. */
function findBlock(search: Search): number {
  const { text, after, block } = search
  const last = text.length - search.from.length
  if (standsAt(search, block.at) && (!block.open || block.at === last)) return block.at
  if (block.elsewhere === 'nowhere') return -1
  if (block.elsewhere === 'end' || block.open) return standsAt(search, last) ? last : -1
  for (let distance = 1; distance <= text.length + block.at; distance++) {
    const [below, above] = [block.at + distance, block.at - distance]
    if (below > last && above < after) return -1
    if (standsAt(search, below)) return below
    if (standsAt(search, above)) return above
    if (search.budget.left < 0) return -1
  }
  return -1
}

function standsAt({ text, from, after, budget }: Search, place: number): boolean {
  if (place < after || place + from.length > text.length) return false
  let at = 0
  while (at < from.length && text[place + at] === from[at]) at++
  budget.left -= at + 1
  return at === from.length
}

function withoutReturns(text: string): string {
  return text.replaceAll('\r\n', '\n')
}

function blockWithoutReturns(block: Block): Block {
  return { ...block, from: block.from.map(withoutReturns), to: block.to.map(withoutReturns) }
}
