import { setTimeout as sleep } from 'node:timers/promises'
import { toTenonError } from '../../../kernel/tenon-error.ts'
import { claimDueSyncs } from '../accounts.sql.ts'
import type { BillingCore } from '../core.ts'
import { syncAccount } from '../sync-account.ts'
import { handleEvent } from './handle-event.ts'
import { claimEvents } from './inbox.sql.ts'

export interface InboxWorkerOptions {
  /** When nobody wakes it up; default 500 ms. */
  readonly pollMs?: number
  /** Events and syncs under way at once; default 8. */
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
  let wake = (): void => {}
  let isWoken = false
  const wakeUp = (): void => {
    isWoken = true
    wake()
  }
  const listener = core.db.listen(CHANNEL, { onMessage: wakeUp, onConnected: wakeUp })
  void listener.start()

  /** Until somebody wakes it, the time is over, or it is to end. */
  const rest = async (ms: number): Promise<void> => {
    if (!isWoken && !stopping.signal.aborted) {
      const woken = new AbortController()
      wake = () => woken.abort()
      const signal = AbortSignal.any([woken.signal, stopping.signal])
      // Aborted is what ends the rest early.
      await sleep(ms, undefined, { signal, ref: false }).catch(() => {})
      wake = () => {}
    }
    isWoken = false
  }

  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if ((await round(core, slots)) === 0) await rest(pollMs)
      } catch (error) {
        const level = toTenonError(error).code === 'unavailable' ? 'warn' : 'error'
        core.log[level]({ err: error }, 'the inbox of Stripe could not be worked on')
        // Whoever wakes it can not make the database come back.
        await sleep(PAUSE_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => {})
      }
    }
  }
  const running = run()
  return async () => {
    stopping.abort()
    await Promise.all([running, listener.stop()])
  }
}

/** Answers how much there was to do. */
export async function round(core: BillingCore, slots: number): Promise<number> {
  const { db, log } = core
  const events = await db.cross('billing', (sql) => sql.run(claimEvents, { limit: slots }))
  const syncs = await db.cross('billing', (sql) => sql.run(claimDueSyncs, { limit: slots }))
  const work = [
    ...events.map((event) => handleEvent(core, event)),
    ...syncs.map(({ orgId: org }) =>
      syncAccount(core, org).then(
        () => {},
        (error: unknown) => log.warn({ err: error, org }, 'an organisation could not be synchronised with Stripe'),
      ),
    ),
  ]
  const failed = (await Promise.allSettled(work)).find((part) => part.status === 'rejected')
  if (failed !== undefined) throw failed.reason
  return work.length
}
