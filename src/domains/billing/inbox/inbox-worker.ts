import { toTenonError } from '../../../kernel/tenon-error.ts'
import { claimDueSyncs } from '../accounts.sql.ts'
import type { BillingCore } from '../core.ts'
import { syncAccount } from '../sync-account.ts'
import { createBell, type Bell } from './bell.ts'
import { handleEvent } from './handle-event.ts'
import { claimEvents } from './inbox.sql.ts'

export interface InboxWorkerOptions {
  /** When nobody wakes it up; default 500 ms. */
  readonly pollMs?: number
  /** Events under way at once, and syncs as many; default 8. */
  readonly slots?: number
}

const CHANNEL = 'tenon_stripe'
/** After an error of the database itself. */
const PAUSE_MS = 2_000

/**
 * Applies what stands in the inbox, and the syncs that have not held yet. Any number of workers share the work: a row is
 * claimed by one at a time. Answers how to end it, which waits for what is under way.
 */
export function startInboxWorker(core: BillingCore, options: InboxWorkerOptions = {}): () => Promise<void> {
  const { pollMs = 500, slots = 8 } = options
  const stopping = new AbortController()
  const { signal } = stopping
  const lines = [claimedEvents, claimedSyncs].map((claim) => ({ claim, bell: createBell(signal) }))
  const wakeUp = (): void => {
    for (const { bell } of lines) bell.ring()
  }
  const listener = core.db.listen(CHANNEL, { onMessage: wakeUp, onConnected: wakeUp })
  void listener.start()
  const running = lines.map((line) => serve(core, { ...line, slots, pollMs, signal }))
  return async () => {
    stopping.abort()
    await Promise.all([...running, listener.stop()])
  }
}

/** Takes up to so many, and answers what there is to do for each. */
type Claim = (core: BillingCore, limit: number) => Promise<readonly Promise<void>[]>

interface Line {
  readonly claim: Claim
  readonly bell: Bell
  readonly slots: number
  readonly pollMs: number
  readonly signal: AbortSignal
}

/** A slot is given to the next as soon as it is free: what takes long holds up nobody but itself. */
async function serve(core: BillingCore, { claim, bell, slots, pollMs, signal }: Line): Promise<void> {
  const underWay = new Set<Promise<void>>()
  const failures: unknown[] = []
  let isMore = false
  const begin = (work: Promise<void>): void => {
    const part = work
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        underWay.delete(part)
        if (isMore || failures.length > 0) bell.ring()
      })
    underWay.add(part)
  }
  while (!signal.aborted) {
    try {
      if (failures.length > 0) throw failures.splice(0)[0]
      const free = slots - underWay.size
      const claimed = free === 0 ? [] : await claim(core, free)
      isMore = claimed.length === free
      for (const work of claimed) begin(work)
      await bell.rest(pollMs)
    } catch (error) {
      const level = toTenonError(error).code === 'unavailable' ? 'warn' : 'error'
      core.log[level]({ err: error }, 'the inbox of Stripe could not be worked on')
      // Whoever wakes it can not make the database come back.
      await bell.pause(PAUSE_MS)
    }
  }
  await Promise.all(underWay)
}

const claimedEvents: Claim = async (core, limit) => {
  const events = await core.db.cross('billing', (sql) => sql.run(claimEvents, { limit }))
  return events.map((event) => handleEvent(core, event))
}

const claimedSyncs: Claim = async (core, limit) => {
  const { db, log } = core
  const syncs = await db.cross('billing', (sql) => sql.run(claimDueSyncs, { limit }))
  return syncs.map(({ orgId: org }) =>
    syncAccount(core, org).then(
      () => {},
      (error: unknown) => log.warn({ err: error, org }, 'an organisation could not be synchronised with Stripe'),
    ),
  )
}
