import type { Sql } from '../../kernel/statement.ts'
import { beQuick, countBacklog } from './backlog.sql.ts'

/** What there is to do in the whole installation, as counts of no organisation in particular. */
export interface Backlog {
  readonly chunks: Readonly<Record<'ready' | 'active' | 'waiting', number>>
  /** How long the oldest chunk that could be claimed has been waiting for a worker; 0 when there is none. */
  readonly oldestReadySeconds: number
  /** Those that have not ended. */
  readonly runs: Readonly<Record<'queued' | 'planning' | 'running' | 'finishing' | 'paused', number>>
  readonly workers: number
}

const QUICK_MS = 2_000

/** As the role of the engine, in a transaction of which nothing may take long. */
export async function readBacklog(sql: Sql): Promise<Backlog> {
  await sql.run(beQuick, { ms: String(QUICK_MS) })
  const [row] = await sql.run(countBacklog, {})
  if (row === undefined) throw new Error('a count without a row')
  const { ready, active, waiting, oldestReadyMs, workers, ...runs } = row
  return { chunks: { ready, active, waiting }, oldestReadySeconds: oldestReadyMs / 1_000, runs, workers }
}
