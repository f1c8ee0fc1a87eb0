import { createHash } from 'node:crypto'
import { toTenonError } from '../../../kernel/tenon-error.ts'
import { beginInside } from '../../../kernel/trace.ts'
import { damaged } from './failure.ts'
import { abortError, exitOf, GIT_SPAN, killGroup, spanName, spawnGit, type Git } from './git.ts'

const ARGS = ['cat-file', '--batch', '--buffer']

export interface Blob {
  readonly sha: string
  readonly content: Buffer
}

/**
 * Reads blobs of a mirror through one `cat-file --batch`, in the order asked for; the reader's pace is git's pace.
 * Each is what its name says, also when the disk has changed a bit.
 *
 * @throws TenonError `source_damaged` when a blob is missing or damaged: `readingBlobs` fetches the mirror anew.
 */
export async function* readBlobs(
  git: Git,
  mirror: string,
  shas: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Blob> {
  const span = beginInside(spanName(ARGS), GIT_SPAN)
  const child = spawnGit(git, ARGS, { cwd: mirror })
  const onAbort = (): void => killGroup(child)
  signal?.addEventListener('abort', onAbort, { once: true })
  const ended = exitOf(child)
  // Awaited below; until then its failure is nobody else's.
  ended.catch(() => {})
  child.stdin.on('error', () => {}) // git has ended, and says itself why
  child.stderr.resume()
  child.stdin.end(shas.map((sha) => `${sha}\n`).join(''))
  try {
    const reader = new Reader(child.stdout[Symbol.asyncIterator]())
    for (const sha of shas) {
      const head = await reader.line()
      const [name, type, size] = (head ?? '').split(' ')
      if (isAborted(signal)) throw abortError(signal)
      if (name !== sha || type !== 'blob') throw missing(sha)
      const content = await reader.bytes(Number(size))
      const end = await reader.bytes(1)
      if (content === null || end === null) throw isAborted(signal) ? abortError(signal) : missing(sha)
      if (nameOf(content) !== sha) throw missing(sha)
      yield { sha, content }
    }
  } catch (error) {
    span.fail(toTenonError(error).code)
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
    killGroup(child)
    // With output that nobody reads any more it would never be seen to have ended.
    child.stdout.destroy()
    // Killed here, it can only fail; what went wrong before was thrown.
    await ended.catch(() => {})
    span.end()
  }
}

function missing(sha: string) {
  return damaged(new Error(`blob ${sha} is missing or damaged`))
}

function nameOf(content: Buffer): string {
  return createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
}

/** Lines and byte counts out of a stream of chunks. */
class Reader {
  readonly #chunks: AsyncIterator<Buffer>
  #rest: Buffer = Buffer.alloc(0)

  constructor(chunks: AsyncIterator<Buffer>) {
    this.#chunks = chunks
  }

  async line(): Promise<string | null> {
    let end = this.#rest.indexOf(10)
    while (end < 0) {
      const next = await this.#chunks.next()
      if (next.done === true) return null
      this.#rest = Buffer.concat([this.#rest, next.value])
      end = this.#rest.indexOf(10)
    }
    const line = this.#rest.toString('latin1', 0, end)
    this.#rest = this.#rest.subarray(end + 1)
    return line
  }

  async bytes(size: number): Promise<Buffer | null> {
    const parts = [this.#rest]
    let have = this.#rest.length
    while (have < size) {
      const next = await this.#chunks.next()
      if (next.done === true) return null
      parts.push(next.value)
      have += next.value.length
    }
    const all = parts.length === 1 ? (parts[0] ?? this.#rest) : Buffer.concat(parts)
    this.#rest = all.subarray(size)
    return all.subarray(0, size)
  }
}

/** It may change between two awaits, which the type of `aborted` does not say. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true
}
