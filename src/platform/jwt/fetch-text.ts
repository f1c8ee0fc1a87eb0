import { tracedFetch } from '../http/traced-fetch.ts'

/** A document of the issuer: small, at its address and nowhere else. The signal limits the time of headers and body. */
export async function fetchText(url: string, signal: AbortSignal, maxBytes: number): Promise<string> {
  const response = await tracedFetch(url, { redirect: 'error', signal, headers: { accept: 'application/json' } })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`the answer has status ${response.status}`)
  }
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.byteLength
    if (bytes > maxBytes) throw new Error(`the answer has more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
