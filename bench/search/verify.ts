/** Compares what the engine counts with what ripgrep counts on the same files. */
import { isUtf8 } from 'node:buffer'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Outcome } from './measure.ts'
import type { BenchQuery } from './queries.ts'
import { ripgrep, type RipgrepAnswer } from './ripgrep.ts'

export interface Difference {
  readonly q: string
  readonly mode: BenchQuery['mode']
  readonly ours: number | null
  readonly ripgrep: number
  readonly cause: 'refused' | 'truncated' | 'encoding' | 'case beyond ASCII' | 'byte order mark' | 'unexplained'
}

/** Files of the trees, by their paths as ripgrep prints them, that not both read in the same way. */
export interface Oddities {
  /** With a NUL, which the indexer leaves out and ripgrep reads up to there. */
  readonly binary: ReadonlySet<string>
  readonly notUtf8: ReadonlySet<string>
}

export function findOddities(trees: string): Oddities {
  const binary = new Set<string>()
  const notUtf8 = new Set<string>()
  const walk = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile()) {
        const content = readFileSync(path)
        const name = Buffer.from(path).toString('latin1')
        if (content.includes(0)) binary.add(name)
        else if (!isUtf8(content)) notUtf8.add(name)
      }
    }
  }
  walk(trees)
  return { binary, notUtf8 }
}

/** Null when both agree. */
export function differenceOf(options: {
  readonly query: BenchQuery
  readonly outcome: Outcome
  readonly answer: RipgrepAnswer
  readonly trees: string
  readonly oddities: Oddities
}): Difference | null {
  const { query, outcome, answer, trees, oddities } = options
  const theirs = sumOf(answer, oddities.binary)
  const difference = { q: query.q, mode: query.mode, ours: outcome.total, ripgrep: theirs }
  if (outcome.total === null) return { ...difference, cause: 'refused' }
  if (outcome.total === theirs) return null
  if (outcome.truncated && outcome.total < theirs) return { ...difference, cause: 'truncated' }
  return { ...difference, cause: causeOf(query, outcome.total, theirs, { trees, oddities, answer }) }
}

function causeOf(
  query: BenchQuery,
  ours: number,
  theirs: number,
  { trees, oddities, answer }: { trees: string; oddities: Oddities; answer: RipgrepAnswer },
): Difference['cause'] {
  const inUtf8 = sumOf(answer, oddities.binary.union(oddities.notUtf8))
  const odd = answer.counts.keys().some((path) => oddities.notUtf8.has(path))
  if (odd && ours >= inUtf8 && ours < theirs) return 'encoding'
  const isAscii = /^[\0-\x7f]*$/.test(query.q)
  // Windows-1252 may hold the text in other bytes than UTF-8.
  if (!isAscii && oddities.notUtf8.size > 0 && ours > theirs) return 'encoding'
  if (sumOf(ripgrep(query, trees, ['--encoding=none']), oddities.binary) === ours) return 'byte order mark'
  if (query.case === 'insensitive') {
    const ascii = sumOf(ripgrep(query, trees, ['--no-unicode']), oddities.binary)
    if (Math.min(ascii, theirs) <= ours && ours <= Math.max(ascii, theirs)) return 'case beyond ASCII'
  }
  return 'unexplained'
}

function sumOf({ counts }: RipgrepAnswer, without: ReadonlySet<string>): number {
  let sum = 0
  for (const [path, count] of counts) if (!without.has(path)) sum += count
  return sum
}
