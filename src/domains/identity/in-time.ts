import { TenonError } from '../../kernel/tenon-error.ts'

/**
 * Waits for what may hang, such as a call of another system, for so long and no longer; it is told by the signal. What it
 * does after that is its own.
 *
 * @throws TenonError `timeout`
 */
export async function inTime<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const ending = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const timeout = new TenonError('timeout')
      ending.abort(timeout)
      reject(timeout)
    }, ms)
  })
  try {
    return await Promise.race([work(ending.signal), over])
  } finally {
    clearTimeout(timer)
  }
}
