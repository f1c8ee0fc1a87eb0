import { DatabaseSync } from 'node:sqlite'
import { fold } from './fold.ts'
import { FORMAT_VERSION } from './format.ts'
import { countLines, matchLines, type LineMatch, type Query } from './lines.ts'

/** A shard file that is truncated, altered or of another version; it has to be built again. */
export class ShardDamagedError extends Error {
  constructor(options: ErrorOptions) {
    super('a shard is damaged', options)
    this.name = 'ShardDamagedError'
  }
}

export interface Shard {
  /**
   * How many lines of each blob hold the text; blobs without any are left out. Stops at `deadline` (milliseconds of
   * `performance.now()`) and says so.
   */
  counts(query: Query, deadline: number): { readonly counts: ReadonlyMap<string, number>; readonly complete: boolean }
  /** Matching lines of one blob, after the first `skip`. */
  matches(sha: string, query: Query, page: { limit: number; skip?: number }): LineMatch[]
  close(): void
}

const TRIGRAM = 3

/** Opens a shard for reading. @throws ShardDamagedError */
export function openShard(file: string): Shard {
  const database = guarded(() => new DatabaseSync(file, { readOnly: true }))
  guarded(() => {
    const header = database.prepare('select version from header').get()
    if (header?.['version'] !== FORMAT_VERSION) throw new Error('another version')
  })
  const all = database.prepare('select sha, content from text')
  const candidates = database.prepare(
    'select sha, content from text where id in (select rowid from trigrams where trigrams match ?)',
  )
  const one = database.prepare('select content from text where sha = ?')
  const textOf = (content: unknown): string => Buffer.from(content as Uint8Array).toString('utf8')
  return {
    counts: (query, deadline) =>
      guarded(() => {
        const expression = trigramsOf(query.text)
        const rows = expression === null ? all.iterate() : candidates.iterate(expression)
        const counts = new Map<string, number>()
        for (const { sha, content } of rows) {
          if (performance.now() > deadline) return { counts, complete: false }
          const count = countLines(textOf(content), query)
          if (count > 0) counts.set(String(sha), count)
        }
        return { counts, complete: true }
      }),
    matches: (sha, query, page) =>
      guarded(() => {
        const row = one.get(sha)
        return row === undefined ? [] : matchLines(textOf(row['content']), query, page)
      }),
    close: () => database.close(),
  }
}

/** All trigrams of the folded text, each as a quoted string; null when it is too short to have one. */
function trigramsOf(text: string): string | null {
  const characters = Array.from(fold(text))
  if (characters.length < TRIGRAM) return null
  const trigrams = new Set(
    characters.slice(0, characters.length - TRIGRAM + 1).map((_, i) => characters.slice(i, i + TRIGRAM).join('')),
  )
  return [...trigrams].map((trigram) => `"${trigram.replaceAll('"', '""')}"`).join(' AND ')
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw new ShardDamagedError({ cause })
  }
}
