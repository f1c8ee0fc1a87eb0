import { Stripe } from 'stripe'
import type { Clock } from '../../../kernel/ctx.ts'

const TOLERANCE_S = 300

/**
 * Whether Stripe has signed these very bytes, within five minutes of now in either direction. Only the scheme v1 counts;
 * of several secrets one has to fit.
 */
export function isSigned(
  { body, header }: { readonly body: Buffer; readonly header: string },
  { secrets, clock }: { readonly secrets: readonly string[]; readonly clock: Clock },
): boolean {
  const nowMs = clock.now().getTime()
  const given = partsOf(header)
  if (given === null || Math.abs(Math.floor(nowMs / 1000) - given.signedAt) > TOLERANCE_S) return false
  // The library verifies a text: bytes that are lost on the way to it, such as a byte order mark, would be covered by nothing.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(body)
  if (!Buffer.from(text).equals(body)) return false
  return secrets.some((secret) => fits({ text, header: given.header, secret, nowMs }))
}

function fits({
  text,
  header,
  secret,
  nowMs,
}: Record<'text' | 'header' | 'secret', string> & { nowMs: number }): boolean {
  try {
    return Stripe.webhooks.signature?.verifyHeader(text, header, secret, TOLERANCE_S, undefined, nowMs) === true
  } catch (thrown) {
    if (thrown instanceof Stripe.errors.StripeSignatureVerificationError) return false
    throw thrown
  }
}

const MAX_SIGNATURES = 16

/**
 * What counts of a header, and the header with nothing else: the library fails on signatures of another length. The time is
 * named once, or it could be another one that was signed.
 */
function partsOf(header: string): { readonly signedAt: number; readonly header: string } | null {
  const parts = header.split(',').map((part) => part.trim())
  const times = parts.filter((part) => part.startsWith('t='))
  const signatures = parts.filter((part) => /^v1=[0-9a-f]{64}$/.test(part)).slice(0, MAX_SIGNATURES)
  const [time = ''] = times
  if (times.length !== 1 || !/^t=\d{1,12}$/.test(time) || signatures.length === 0) return null
  return { signedAt: Number(time.slice(2)), header: [time, ...signatures].join() }
}
