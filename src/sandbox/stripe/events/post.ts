import { request as requestHttp, type ClientRequest } from 'node:http'
import { request as requestHttps } from 'node:https'

const TIMEOUT_MS = 10_000

/** Posts once, follows nothing. Answers the status, or in words why there is none. */
export async function post(
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<number | string> {
  const start = new URL(url).protocol === 'https:' ? requestHttps : requestHttp
  return new Promise((resolve) => {
    const done = (outcome: number | string, request: ClientRequest): void => {
      clearTimeout(timer)
      resolve(outcome)
      request.destroy()
    }
    const request = start(url, {
      method: 'POST',
      agent: false,
      signal,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)) },
    })
    const timer = setTimeout(() => done('timed out', request), TIMEOUT_MS)
    request.on('response', (response) => {
      const status = response.statusCode ?? 0
      // A receiver that stops in the middle of its answer has still answered.
      response.on('error', () => done(status, request))
      response.on('end', () => done(status, request))
      response.on('data', () => {})
    })
    request.on('error', (error: NodeJS.ErrnoException) => done(error.code ?? 'no answer', request))
    request.end(body)
  })
}
