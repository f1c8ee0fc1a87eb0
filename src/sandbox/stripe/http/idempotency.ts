import { createHash } from 'node:crypto'
import { StripeFailure } from '../core/failure.ts'
import type { World } from '../core/world.ts'
import { failureAnswer, failureOf, type Answer } from './answer.ts'

/** Real time, as with Stripe: an advanced clock does not open a key again. */
const KEPT_MS = 24 * 3_600_000

/** What a request asks for, whatever the order of its headers. */
export function fingerprint(request: {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
}): string {
  const { method, path, query, body } = request
  const params = [...new URLSearchParams(query), ...new URLSearchParams(body)].toSorted(([a], [b]) =>
    a < b ? -1 : a > b ? 1 : 0,
  )
  return createHash('sha256')
    .update(JSON.stringify([method, path, params]))
    .digest('hex')
}

/** The answer that this key was given before; null when it is new. */
export function recall(world: World, key: string, print: string): Answer | null {
  const replay = world.store.get('replay', key)
  if (replay === undefined || world.realMs() - replay.atMs > KEPT_MS) return null
  if (replay.fingerprint !== print) {
    throw new StripeFailure(
      400,
      {
        type: 'idempotency_error',
        message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
      },
      { replayable: false },
    )
  }
  const headers = {
    'content-type': 'application/json',
    'idempotent-replayed': 'true',
    'original-request': replay.requestId,
    ...(replay.status >= 500 ? { 'stripe-should-retry': 'false' } : {}),
  }
  return { status: replay.status, body: replay.body, headers }
}

interface Keyed {
  readonly key: string
  readonly print: string
  readonly requestId: string
}

/** Keeps the answer, errors included, unless the request was refused before any work. */
export function remember(world: World, { key, print, requestId }: Keyed, work: () => Answer): Answer {
  const keep = (answer: Answer): Answer => {
    const { status, body } = answer
    world.store.put({ object: 'replay', id: key, fingerprint: print, status, body, requestId, atMs: world.realMs() })
    return answer
  }
  try {
    return keep(work())
  } catch (error) {
    const failure = failureOf(error)
    if (error !== failure || !failure.replayable) throw error
    return keep(failureAnswer(failure))
  }
}
