/** Credits reserved and captured, on one organisation and over many, beside a plain update of the same rows. */
import pg from 'pg'
import { migrateDatabase } from '../src/app/node.ts'
import type { OrgId, RunId } from '../src/contract/ids.ts'
import { creditDrift, grantCredits } from '../src/domains/credits/index.ts'
import type { Log } from '../src/kernel/ctx.ts'
import { openDatabase } from '../src/platform/db/index.ts'
import { plainUpdates, reservations, settlements, type Load, type Pace } from './credits/load.ts'
import { makeOrg, type Setting } from './engine/setting.ts'
import { interruptible, ownPostgres } from './setting.ts'
import { median } from './statistics.ts'

const ORGS = 1_000
const ROUNDS = 3
const SECONDS = 3
/** One row is held by one at a time: more clients than this only wait. */
const CLIENTS = { hot: 16, spread: 48 }

export interface Compared {
  readonly plain: Pace
  readonly reserve: Pace
  readonly settle: Pace
  /** Reservations to plain updates, the median of the rounds. */
  readonly ratio: number
}

export interface CreditResults {
  readonly hot: Compared
  readonly spread: Compared
  /** What is wrong with the books after all of it: nothing. */
  readonly drift: number
}

export function benchCredits(): Promise<CreditResults> {
  return interruptible(measure)
}

const nothing = (): void => {}
const complain = (_: object, message: string): void => console.error(message)
const log: Log = { debug: nothing, info: nothing, warn: complain, error: complain, child: () => log }

async function measure(signal: AbortSignal): Promise<CreditResults> {
  await using ends = new AsyncDisposableStack()
  const { databaseUrl } = await ownPostgres(ends, { name: 'credits', signal })
  await migrateDatabase(databaseUrl)
  const owner = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  owner.on('error', nothing)
  const db = openDatabase({ url: databaseUrl, log, poolSize: CLIENTS.spread })
  ends.defer(async () => void (await Promise.all([owner.end(), db.close()])))
  const setting: Setting = { databaseUrl, owner, db, signal }
  const orgs: OrgId[] = []
  for (let i = 0; i < ORGS; i++) orgs.push(await makeRich(setting))
  const hot = await compare(setting, { orgs: orgs.slice(0, 1), clients: CLIENTS.hot, seconds: SECONDS })
  const spread = await compare(setting, { orgs, clients: CLIENTS.spread, seconds: SECONDS })
  let drift = 0
  for (const org of orgs) drift += (await creditDrift(db.tenant(org).read, org)).length
  return { hot, spread, drift }
}

async function makeRich(setting: Setting): Promise<OrgId> {
  const org = await makeOrg(setting)
  const grant = { kind: 'pack', source: 'bench', amount: 1_000_000_000, expiresAt: null } as const
  await setting.db.tenant(org).write((sql) => grantCredits(sql, org, grant))
  return org
}

/** In turns, so that what else the machine does meets both alike. */
async function compare(setting: Setting, load: Load): Promise<Compared> {
  const plain: Pace[] = []
  const reserve: Pace[] = []
  const settle: Pace[] = []
  for (let round = 0; round < ROUNDS; round++) {
    plain.push(await plainUpdates(setting, load))
    const holds: (readonly [OrgId, RunId])[] = []
    reserve.push(await reservations(setting, load, (org, run) => holds.push([org, run])))
    // They are fewer than could be settled in the same time.
    settle.push(await settlements(setting, { ...load, seconds: SECONDS / 3 }, holds))
  }
  const ratios = plain.map(({ perSecond }, round) => (reserve[round]?.perSecond ?? 0) / perSecond)
  return { plain: middle(plain), reserve: middle(reserve), settle: middle(settle), ratio: median(ratios) }
}

function middle(paces: readonly Pace[]): Pace {
  const sorted = paces.toSorted((a, b) => a.perSecond - b.perSecond)
  const pace = sorted[Math.floor(sorted.length / 2)]
  if (pace === undefined) throw new Error('nothing was measured')
  return pace
}
