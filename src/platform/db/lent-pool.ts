import pg from 'pg'
import { mapDatabaseError } from './database-error.ts'

/** As much of a pool as a library needs that brings its own SQL. Its queries fail as ours do, and its times are dates. */
export interface LentPool {
  connect(): Promise<LentClient>
  /** Does nothing: who has opened the pool closes it. */
  end(): Promise<void>
}
export interface LentClient {
  query(text: string, values?: readonly unknown[]): Promise<pg.QueryResult>
  release(): void
  readonly processID?: number | undefined
}

export function lend(pool: pg.Pool): LentPool {
  return {
    connect: async () => {
      const client = await pool.connect().catch((cause: unknown) => Promise.reject(mapDatabaseError(cause)))
      let broken: Error | undefined
      return {
        query: (text, values = []) =>
          client.query({ text, values: [...values], types: pg.types }).catch((cause: unknown) => {
            const mapped = mapDatabaseError(cause)
            if (mapped !== cause) broken = mapped
            throw mapped
          }),
        release: () => client.release(broken),
      }
    },
    end: async () => {},
  }
}
