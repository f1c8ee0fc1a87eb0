import { spawnSync } from 'node:child_process'
import { rgPath } from '@vscode/ripgrep'
import type { BenchQuery } from './queries.ts'

/** As the indexer: larger files are left out. */
const MAX_FILE_SIZE = '1000000'

export interface RipgrepAnswer {
  readonly ms: number
  /** Matching lines of each file that has some, by its path. */
  readonly counts: ReadonlyMap<string, number>
}

/**
 * Counts matching lines with ripgrep, a process for each search. Regular expressions have the classes of ECMAScript
 * (`\w` is ASCII) and end a line before `\r\n` too.
 */
export function ripgrep(query: BenchQuery, trees: string, more: readonly string[] = []): RipgrepAnswer {
  const flags = ['--no-config', '--no-ignore', '--hidden', '--no-messages', '--max-filesize', MAX_FILE_SIZE]
  const form = query.mode === 'literal' ? ['--fixed-strings'] : ['--no-unicode', '--crlf']
  const sensitivity = query.case === 'insensitive' ? ['--ignore-case'] : ['--case-sensitive']
  const output = ['--count', '--with-filename', '--null', '--color=never']
  const args = [...flags, ...form, ...sensitivity, ...output, ...more, '-e', query.q, '--', trees]
  const began = performance.now()
  const { status, stdout, error } = spawnSync(rgPath, args, { encoding: 'latin1', maxBuffer: 1 << 30 })
  const ms = performance.now() - began
  // 1: nothing found; 2: an error, which may be that of one file.
  if (error !== undefined || status === null || status > 1)
    throw new Error(`ripgrep ended with ${status} at ${query.q}`, { cause: error })
  return { ms, counts: readCounts(stdout) }
}

/** `path NUL count LF`, where each byte of the path is one character. */
function readCounts(output: string): Map<string, number> {
  const counts = new Map<string, number>()
  for (let at = 0; at < output.length;) {
    const nul = output.indexOf('\0', at)
    const end = output.indexOf('\n', nul)
    counts.set(output.slice(at, nul), Number(output.slice(nul + 1, end)))
    at = end + 1
  }
  return counts
}
