import { setTimeout as sleep } from 'node:timers/promises'
import type { OrgId } from '../../src/contract/ids.ts'
import { quantile } from '../statistics.ts'
import { startWorkers, type Program } from './processes.ts'
import { forgetRuns, makeOrg, start, until, type Setting } from './setting.ts'

const SAMPLES = { idle: 40, beside: 5, crowded: 40 }
const SMALL = 10
const LARGE = 20_000
const BUSY_RUNS = 50
/** So long are the chunks of the runs that are active, so that they stay so. */
const BUSY = { chunks: 1_000, ms: 20 }

/** From `startRun` to the begin of the first work chunk. */
export interface Waits {
  readonly p50Ms: number
  readonly p95Ms: number
  readonly maxMs: number
}

export interface Latency {
  readonly idle: Waits
  /** While 50 runs are active. */
  readonly crowded: Waits
  readonly besideOtherOrg: Waits
  readonly besideSameOrg: Waits
}

export async function measureLatency(setting: Setting): Promise<Latency> {
  const program = await startWorkers(setting.databaseUrl, 1)
  try {
    const idle = await idleWaits(setting, program)
    const besideOtherOrg = await besideWaits(setting, program, 'other')
    const besideSameOrg = await besideWaits(setting, program, 'same')
    return { idle, besideOtherOrg, besideSameOrg, crowded: await crowdedWaits(setting, program) }
  } finally {
    await program.stop()
    await forgetRuns(setting)
  }
}

async function waitOf(setting: Setting, program: Program, org: OrgId): Promise<number> {
  const { id, at } = await start(setting, org, { chunks: SMALL, ms: 0 })
  await until(setting, 5, () => program.begunAt(id) > 0)
  return program.begunAt(id) - at
}

async function idleWaits(setting: Setting, program: Program): Promise<Waits> {
  const org = await makeOrg(setting)
  // The first opens connections.
  await waitOf(setting, program, org)
  const waits: number[] = []
  for (let i = 0; i < SAMPLES.idle; i++) {
    await sleep(120)
    waits.push(await waitOf(setting, program, org))
  }
  return summary(waits)
}

/** A small run that is started while a large one is worked on. */
async function besideWaits(setting: Setting, program: Program, whose: 'same' | 'other'): Promise<Waits> {
  const waits: number[] = []
  for (let i = 0; i < SAMPLES.beside; i++) {
    const org = await makeOrg(setting)
    const large = await start(setting, org, { chunks: LARGE, ms: 0 })
    await until(setting, 5, () => program.begunAt(large.id) > 0)
    await sleep(200)
    waits.push(await waitOf(setting, program, whose === 'same' ? org : await makeOrg(setting)))
    await until(setting, 50, () => hasEnded(setting, large.id))
  }
  await forgetRuns(setting)
  return summary(waits)
}

async function crowdedWaits(setting: Setting, program: Program): Promise<Waits> {
  const orgs = await Promise.all(Array.from({ length: 5 }, () => makeOrg(setting)))
  const busy: string[] = []
  for (const [i] of Array.from({ length: BUSY_RUNS }).entries())
    busy.push((await start(setting, orgs[i % orgs.length] as OrgId, BUSY)).id)
  await until(setting, 20, () => busy.every((id) => program.begunAt(id) > 0))
  const waits: number[] = []
  for (let i = 0; i < SAMPLES.crowded; i++) {
    await sleep(50)
    waits.push(await waitOf(setting, program, orgs[i % orgs.length] as OrgId))
  }
  const { rows } = await setting.owner.query<{ count: number }>(
    'select count(*)::int as count from runs where id = any($1) and ended_at is null',
    [busy],
  )
  if (rows[0]?.count !== BUSY_RUNS) throw new Error(`only ${rows[0]?.count} runs were active to the end`)
  return summary(waits)
}

async function hasEnded({ owner }: Setting, id: string): Promise<boolean> {
  return (await owner.query('select from runs where id = $1 and ended_at is not null', [id])).rowCount === 1
}

function summary(waits: readonly number[]): Waits {
  return { p50Ms: quantile(waits, 0.5), p95Ms: quantile(waits, 0.95), maxMs: Math.max(...waits) }
}
