import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface WebhookLoad {
  readonly url: string
  readonly secret: string
  readonly seconds: number
  /** Of what fills an event. */
  readonly sizeBytes: number
  /** Part of the deliveries that were sent before. */
  readonly duplicates: number
}

export interface WebhookLoadResult {
  readonly accepted: number
  /** Answered as duplicates. */
  readonly known: number
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const PROGRAM = fileURLToPath(new URL('load-process.ts', import.meta.url))
const SPARE_SECONDS = 15

/** Runs a load in a process of its own. */
export async function sendWebhooks(load: WebhookLoad, signal: AbortSignal): Promise<WebhookLoadResult> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout((load.seconds + SPARE_SECONDS) * 1000)])
  const child = fork(PROGRAM, { signal: limit, env: {}, execArgv: [] })
  const ended = once(child, 'exit')
  try {
    child.send(load)
    const [first] = await Promise.race([once(child, 'message'), ended.then(([code]) => [code])])
    if (typeof first !== 'object' || first === null) throw new Error(`the load ended early with ${String(first)}`)
    return first as WebhookLoadResult
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  }
}
