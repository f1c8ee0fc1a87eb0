import { createHash } from 'node:crypto'
import { nameOfActor, type Ctx } from '../../kernel/ctx.ts'

/**
 * Under which key a call makes something at Stripe: the same for a repeat of the call, another for every other one, also
 * when somebody gives two calls one id.
 */
export function callKey({ actor, idempotencyKey, requestId, orgId }: Ctx, what: string, details: object): string {
  const parts = [orgId(), nameOfActor(actor), idempotencyKey ?? `request ${requestId}`, details]
  return `tenon:${what}:${createHash('sha256').update(JSON.stringify(parts)).digest('base64url')}`
}
