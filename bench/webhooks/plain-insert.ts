import { randomUUID } from 'node:crypto'
import pg from 'pg'

const CONNECTIONS = 4

/** Rows of the same size with a unique id, one durable transaction each, over as many connections as the inbox may use. */
export async function plainInserts(
  databaseUrl: string,
  { seconds, sizeBytes }: { seconds: number; sizeBytes: number },
) {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: CONNECTIONS })
  try {
    await pool.query('create table if not exists bench_plain (id text primary key, payload text not null)')
    const payload = 'x'.repeat(sizeBytes)
    let inserted = 0
    const began = performance.now()
    const end = began + seconds * 1000
    const one = async (): Promise<void> => {
      const client = await pool.connect()
      try {
        while (performance.now() < end) {
          await client.query({
            name: 'plain',
            text: 'insert into bench_plain (id, payload) values ($1, $2) on conflict do nothing',
            values: [randomUUID(), payload],
          })
          inserted += 1
        }
      } finally {
        client.release()
      }
    }
    await Promise.all(Array.from({ length: CONNECTIONS }, one))
    return { perSecond: inserted / ((performance.now() - began) / 1000) }
  } finally {
    await pool.end()
  }
}

export async function storedEvents(databaseUrl: string): Promise<number> {
  const client = new pg.Client({ connectionString: databaseUrl })
  await client.connect()
  try {
    const { rows } = await client.query<{ n: number }>('select count(*)::int as n from stripe_events')
    return rows[0]?.n ?? 0
  } finally {
    await client.end()
  }
}
