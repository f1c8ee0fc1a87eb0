import { LRUCache } from 'lru-cache'
import type { ApiKeyId, OrgId } from '../../contract/ids.ts'
import type { Log, Principal } from '../../kernel/ctx.ts'
import { every, type Repeated } from '../../kernel/every.ts'
import type { Database } from '../../platform/db/index.ts'
import { selectEpoch } from './identity.sql.ts'

export interface CachedKey {
  readonly principal: Principal
  readonly revoked: boolean
  readonly expiresAtMs: number
  /** When the use of the key was last written down. */
  readonly use: { readonly org: OrgId; readonly id: ApiKeyId; writtenAtMs: number }
}

export interface KeyCache {
  /** null when no key has this digest. */
  find(sha256: Buffer): Promise<CachedKey | null>
  /** Keys of an organisation have just been changed on this node. */
  forget(org: OrgId): void
  /** Whether what is kept can be believed: without word from the database every look-up goes there. */
  isCurrent(): boolean
  start(): Promise<void>
  stop(): Promise<void>
}

export interface KeyCacheOptions {
  readonly db: Database
  readonly log: Log
  readonly load: (sha256: Buffer) => Promise<CachedKey | null>
  /** Told of every drop, for what else must not outlive it; null stands for all organisations. */
  readonly dropped?: ((org: string | null) => void) | undefined
}

const MAX_KEYS = 10_000
const MAX_AGE_MS = 300_000
const POLL_MS = 1_000
/** Without a word from the database for so long, nothing that is cached is believed. */
const STALE_MS = 4_000
export const CHANNEL = 'tenon_auth'

/**
 * Keys that were looked up, for five minutes. Every change that a cached key must not outlive raises an epoch in its own
 * transaction and is notified with it: a node drops the keys of that organisation, or all when it finds a gap. The epoch
 * is polled as well, for the connection that hears the notifications may be dead without anyone knowing; and when even
 * the poll fails, every look-up goes to the database.
 */
export function createKeyCache({ db, log, load, dropped }: KeyCacheOptions): KeyCache {
  const keys = new LRUCache<string, CachedKey>({ max: MAX_KEYS, ttl: MAX_AGE_MS })
  /** The newest change that this node knows of. */
  let epoch = 0
  /** Changes with every drop: what was read before it may be older than the change, and is not kept. */
  let generation = 0
  /** When the last poll that was answered had begun; on the monotonic clock. */
  let polledAt = Number.NEGATIVE_INFINITY

  const drop = (newest: number, org: string | null): void => {
    generation += 1
    epoch = Math.max(epoch, newest)
    dropped?.(org)
    if (org === null) return keys.clear()
    for (const [digest, key] of keys.entries()) if (key.principal.org?.id === org) keys.delete(digest)
  }

  const listener = db.listen(CHANNEL, {
    onMessage: (payload) => {
      const [number = '', org = ''] = payload.split(' ')
      const told = Number(number)
      // Anyone in the database may notify: what makes no sense drops everything.
      if (Number.isSafeInteger(told)) drop(told, told <= epoch + 1 ? org : null)
      else drop(epoch, null)
    },
    // What was said in between has been missed.
    onConnected: () => drop(epoch, null),
  })

  const poll = async (): Promise<void> => {
    const began = performance.now()
    const [row] = await db.cross('auth', (sql) => sql.run(selectEpoch, {}))
    const current = row?.epoch ?? 0
    // Also when it has gone back: then this is another database than before, as after a restore.
    if (current !== epoch) {
      const missed = epoch > 0 && current > epoch
      drop(current, null)
      epoch = current
      if (missed) listener.suspect()
    }
    polledAt = began
  }

  let polling: Repeated | undefined
  const isCurrent = (): boolean => performance.now() - polledAt <= STALE_MS

  return {
    isCurrent,
    find: async (sha256) => {
      if (!isCurrent()) return load(sha256)
      const digest = sha256.toString('base64')
      const cached = keys.get(digest)
      if (cached !== undefined) return cached
      const before = generation
      const found = await load(sha256)
      if (found !== null && before === generation) keys.set(digest, found)
      return found
    },
    forget: (org) => drop(epoch, org),
    start: async () => {
      await listener.start()
      const failed = (error: unknown): void => log.warn({ err: error }, 'revocations could not be polled')
      await poll().catch(failed)
      polling = every(POLL_MS, poll, failed)
    },
    stop: async () => {
      await Promise.all([polling?.stop(), listener.stop()])
    },
  }
}
