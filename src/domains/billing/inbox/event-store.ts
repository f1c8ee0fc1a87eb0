import type { Database } from '../../../platform/db/index.ts'
import { insertEvents } from './inbox.sql.ts'

export interface NewEvent {
  readonly id: string
  readonly type: string
  readonly apiVersion: string | null
  readonly livemode: boolean
  readonly createdAt: Date
  readonly object: string | null
  readonly customer: string | null
  readonly payload: string
}

export interface EventStore {
  /** Answers when the event is on disk: `new`, or `known` when it was there before. */
  store(event: NewEvent): Promise<'new' | 'known'>
}

interface Waiting {
  readonly event: NewEvent
  resolve(answer: 'new' | 'known'): void
  reject(error: unknown): void
}

/** Events are at most 256 KiB each: a statement stays below the limits of a message. */
const MAX_BATCH = 100

/**
 * Events that come while a statement is under way wait for the next, which stores them all: under load one commit is paid
 * by many, and none is acknowledged before its own.
 */
export function createEventStore(db: Database): EventStore {
  const waiting: Waiting[] = []
  let busy = false

  const serve = async (): Promise<void> => {
    busy = true
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MAX_BATCH)
      try {
        const stored = await storeAll(db, batch)
        for (const { event, resolve } of batch) resolve(stored.delete(event.id) ? 'new' : 'known')
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    busy = false
  }

  return {
    store: (event) =>
      new Promise((resolve, reject) => {
        waiting.push({ event, resolve, reject })
        if (!busy) void serve()
      }),
  }
}

/** Answers the ids that were not there; of the same event twice in a batch, the first is stored. */
async function storeAll(db: Database, batch: readonly Waiting[]): Promise<Set<string>> {
  const events = [...new Map(batch.toReversed().map(({ event }) => [event.id, event])).values()]
  const rows = await db.cross('billing', (sql) =>
    sql.run(insertEvents, {
      ids: events.map(({ id }) => id),
      types: events.map(({ type }) => type),
      apiVersions: events.map(({ apiVersion }) => apiVersion),
      livemodes: events.map(({ livemode }) => livemode),
      createdAts: events.map(({ createdAt }) => createdAt.toISOString()),
      objects: events.map(({ object }) => object),
      customers: events.map(({ customer }) => customer),
      payloads: events.map(({ payload }) => payload),
    }),
  )
  return new Set(rows.map(({ id }) => id))
}
