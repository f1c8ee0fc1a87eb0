import { createHmac, timingSafeEqual } from 'node:crypto'

/**
 * A job as it lies in the queue: ids only, with a signature over the queue's name and the payload's exact text. Where it
 * comes from has a signature of its own, so that a node which does not know of origins can still run the job.
 */
export interface SignedPayload {
  readonly payload: string
  readonly signature: string
  readonly origin?: string
  readonly originSignature?: string
}

/** The call that a job comes from. */
export interface Origin {
  readonly requestId?: string | undefined
  /** Of W3C Trace Context. */
  readonly traceParent?: string | undefined
}

export interface Verified {
  readonly payload: unknown
  /** Empty for a job that does not say. */
  readonly origin: Origin
}

export function signPayload(key: string, job: string, payload: unknown, origin?: Origin): SignedPayload {
  const text = JSON.stringify(payload)
  const signed = { payload: text, signature: signatureOf(key, [job, text]) }
  if (origin === undefined) return signed
  const from = JSON.stringify(origin)
  return { ...signed, origin: from, originSignature: signatureOf(key, [job, text, from]) }
}

/** Null when it was not signed with this key for this job, payload and origin. */
export function verifyPayload(key: string, job: string, data: unknown): Verified | null {
  if (typeof data !== 'object' || data === null) return null
  const { payload, signature, origin, originSignature } = data as Partial<Record<keyof SignedPayload, unknown>>
  if (typeof payload !== 'string' || !isSignature(signature, signatureOf(key, [job, payload]))) return null
  if (origin === undefined) return { payload: JSON.parse(payload), origin: {} }
  if (typeof origin !== 'string' || !isSignature(originSignature, signatureOf(key, [job, payload, origin]))) return null
  // What is signed was made above.
  return { payload: JSON.parse(payload), origin: JSON.parse(origin) as Origin }
}

/** Names and JSON have no line breaks of their own: no two jobs give the same text. */
function signatureOf(key: string, parts: readonly string[]): string {
  return createHmac('sha256', key).update(parts.join('\n')).digest('base64url')
}

function isSignature(given: unknown, expected: string): boolean {
  if (typeof given !== 'string') return false
  const [left, right] = [Buffer.from(given), Buffer.from(expected)]
  return left.length === right.length && timingSafeEqual(left, right)
}
