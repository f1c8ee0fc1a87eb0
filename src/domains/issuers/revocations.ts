import type { RevokedToken } from '../../contract/issuers.ts'
import type { Database } from '../../platform/db/index.ts'
import { deleteEndedRevocations, findRevoked, insertRevoked, selectRevocationEpoch } from './issuers.sql.ts'

export interface Revocations {
  /** Counts revocations; the number is at most half a second old. @throws TenonError `unavailable` */
  epoch(): Promise<number>
  /** Whether one of the names of a token was revoked. */
  isRevoked(connection: string, ids: readonly string[]): Promise<boolean>
  revoke(revoked: readonly NewRevocation[]): Promise<RevokedToken[]>
}

export interface NewRevocation {
  readonly connection: string
  readonly jti: string
  readonly expiresAt: Date
}

/** So long a token may be accepted after it was revoked, beside the time of a query. */
const LEASE_MS = 500

/**
 * What was found out of a token is believed while the count of revocations stands still. The count is read when it is
 * needed and older than half a second: one small query for all calls of a node, which needs no connection that listens,
 * and without whose answer nobody comes in.
 */
export function createRevocations(db: Database): Revocations {
  let newest = { began: Number.NEGATIVE_INFINITY, epoch: Promise.resolve(0) }

  const read = async (): Promise<number> => {
    const [row] = await db.accounts.run(selectRevocationEpoch, {})
    return row?.epoch ?? 0
  }
  const begin = (): Promise<number> => {
    const reading = { began: performance.now(), epoch: read() }
    newest = reading
    // What has failed is asked again by the next call.
    reading.epoch.catch(() => {
      if (newest === reading) forget()
    })
    return reading.epoch
  }
  const forget = (): void => {
    newest = { began: Number.NEGATIVE_INFINITY, epoch: newest.epoch }
  }

  return {
    epoch: () => (performance.now() - newest.began <= LEASE_MS ? newest.epoch : begin()),
    isRevoked: async (connection, ids) => {
      const rows = await db.accounts.run(findRevoked, { connection, ids })
      return rows.length > 0
    },
    revoke: async (revoked) => {
      const rows = await db.cross('accounts', async (sql) => {
        const made: RevokedToken[] = []
        for (const one of revoked) made.push(...(await sql.run(insertRevoked, { ...one })))
        return made
      })
      forget()
      return rows
    },
  }
}

/** What has ended by itself need not be refused any more. */
export async function removeEndedRevocations(db: Database): Promise<void> {
  await db.cross('keeper', (sql) => sql.run(deleteEndedRevocations, {}))
}
