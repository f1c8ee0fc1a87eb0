import pg from 'pg'
import type { OrgId, RunId } from '../../src/contract/ids.ts'
import { reserveCredits, settleCredits } from '../../src/domains/credits/index.ts'
import { newId } from '../../src/kernel/ids.ts'
import type { Setting } from '../engine/setting.ts'
import { median, quantile } from '../statistics.ts'

export interface Load {
  readonly orgs: readonly OrgId[]
  readonly clients: number
  readonly seconds: number
}

/** Operations in a second, and how long one takes. */
export interface Pace {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

/** As in pgbench, each client goes on when its last one has been answered. */
async function drive(
  { signal }: Setting,
  { clients, seconds }: Load,
  work: (client: number) => Promise<unknown>,
): Promise<Pace> {
  const times: number[] = []
  const warm = performance.now() + 500
  const end = warm + seconds * 1_000
  await Promise.all(
    Array.from({ length: clients }, async (_, client) => {
      while (performance.now() < end) {
        signal.throwIfAborted()
        const began = performance.now()
        await work(client)
        const now = performance.now()
        if (began >= warm && now <= end) times.push(now - began)
      }
    }),
  )
  return { perSecond: times.length / seconds, p50Ms: median(times), p99Ms: quantile(times, 0.99) }
}

function pick<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)] as T
}

/** What no ledger can beat: one row of the same table, by its key, with nothing around it. */
export async function plainUpdates(setting: Setting, load: Load): Promise<Pace> {
  const pool = new pg.Pool({ connectionString: setting.databaseUrl, max: load.clients })
  pool.on('error', () => {})
  const clients = await Promise.all(Array.from({ length: load.clients }, () => pool.connect()))
  try {
    const text = 'update credit_accounts set available = available - 1, reserved = reserved + 1 where org_id = $1'
    return await drive(
      setting,
      load,
      (client) => clients[client]?.query({ name: 'plain', text, values: [pick(load.orgs)] }) ?? Promise.resolve(),
    )
  } finally {
    for (const client of clients) client.release()
    await pool.end()
    // What they have moved has no entry.
    await setting.owner.query(`update credit_accounts a set available = e.available, reserved = e.reserved
      from (select org_id, sum(d_available) as available, sum(d_reserved) as reserved from credit_entries group by 1) e
      where a.org_id = e.org_id`)
  }
}

/** As the product does it, as the tenant and with all checks; each for a run of its own. */
export function reservations(setting: Setting, load: Load, reserved: (org: OrgId, run: RunId) => void): Promise<Pace> {
  return drive(setting, load, async () => {
    const org = pick(load.orgs)
    const run = newId('run')
    await reserveCredits(setting.db.tenant(org).read, org, { run, amount: 1 })
    reserved(org, run)
  })
}

export function settlements(setting: Setting, load: Load, holds: (readonly [OrgId, RunId])[]): Promise<Pace> {
  return drive(setting, load, async () => {
    const next = holds.pop()
    if (next === undefined) throw new Error('nothing is left to settle')
    const [org, run] = next
    await settleCredits(setting.db.tenant(org).read, org, { run, key: 'bench', captured: 1, released: 0 })
  })
}
