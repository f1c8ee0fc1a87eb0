import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Load {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly seconds: number
}

export interface LoadResult {
  /** Answers with a status of 2xx. */
  readonly ok: number
  /** Other answers, lost connections and timeouts. */
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** What the load itself used, in microseconds for each answer. */
  readonly cpuMicros: number
}

const PROGRAM = fileURLToPath(new URL('load-process.ts', import.meta.url))
/** Beyond the time that the load itself takes. */
const SPARE_SECONDS = 15

/** Runs a load in a process of its own. */
export async function putLoad(load: Load, signal: AbortSignal): Promise<LoadResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout((load.seconds + SPARE_SECONDS) * 1000)])
  const child = fork(PROGRAM, { signal: limit, env: {}, execArgv: [] })
  const ended = once(child, 'exit')
  try {
    child.send(load)
    const [first] = await Promise.race([once(child, 'message'), ended.then(([code]) => [code])])
    if (typeof first !== 'object' || first === null) throw new Error(`the load ended early with ${String(first)}`)
    const result = first as LoadResult
    if (result.ok === 0) throw new Error(`${load.url} answers nothing`)
    return result
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  }
}
