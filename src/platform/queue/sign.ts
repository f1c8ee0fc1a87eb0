import { createHmac, timingSafeEqual } from 'node:crypto'

/** A job as it lies in the queue: ids only, with a signature over the queue's name and the payload's exact text. */
export interface SignedPayload {
  readonly payload: string
  readonly signature: string
}

export function signPayload(key: string, job: string, payload: unknown): SignedPayload {
  const text = JSON.stringify(payload)
  return { payload: text, signature: signatureOf(key, job, text) }
}

/** The payload, or null when it was not signed with this key for this job. */
export function verifyPayload(key: string, job: string, data: unknown): unknown {
  if (typeof data !== 'object' || data === null || !('payload' in data) || !('signature' in data)) return null
  const { payload, signature } = data
  if (typeof payload !== 'string' || typeof signature !== 'string') return null
  const expected = Buffer.from(signatureOf(key, job, payload))
  const given = Buffer.from(signature)
  return given.length === expected.length && timingSafeEqual(given, expected) ? JSON.parse(payload) : null
}

function signatureOf(key: string, job: string, payload: string): string {
  return createHmac('sha256', key).update(`${job}\n${payload}`).digest('base64url')
}
