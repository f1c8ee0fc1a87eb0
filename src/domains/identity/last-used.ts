import type { Clock, Log } from '../../kernel/ctx.ts'
import { every, type Repeated } from '../../kernel/every.ts'
import type { Database } from '../../platform/db/index.ts'
import { touchKeys } from './identity.sql.ts'
import type { CachedKey } from './key-cache.ts'

const MINUTE_MS = 60_000
const FLUSH_MS = 2_000

export interface LastUsed {
  touch(key: CachedKey): void
  start(): void
  stop(): Promise<void>
}

/** Notes when a key was used: at most once a minute, apart from the call, in one statement for all keys. */
export function createLastUsed({ db, clock, log }: { db: Database; clock: Clock; log: Log }): LastUsed {
  let used = new Map<CachedKey['use']['id'], { use: CachedKey['use']; at: Date }>()
  let writing: Repeated | undefined

  const flush = async (): Promise<void> => {
    if (used.size === 0) return
    const batch = [...used.values()]
    used = new Map()
    const orgs = batch.map(({ use }) => use.org)
    const ids = batch.map(({ use }) => use.id)
    const at = batch.map((entry) => entry.at)
    await db.cross('auth', (sql) => sql.run(touchKeys, { orgs, ids, at }))
  }

  const failed = (error: unknown): void => log.warn({ err: error }, 'the use of keys could not be noted')

  return {
    touch: ({ use }) => {
      const at = clock.now()
      if (at.getTime() - use.writtenAtMs < MINUTE_MS) return
      use.writtenAtMs = at.getTime()
      used.set(use.id, { use, at })
    },
    start: () => {
      writing = every(FLUSH_MS, flush, failed)
    },
    stop: async () => {
      await writing?.stop()
      await flush().catch(failed)
    },
  }
}
