import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { migrateDatabase } from '../../src/app/node.ts'
import type { OrgId } from '../../src/contract/ids.ts'
import { PLANS } from '../../src/contract/plans.ts'
import type { Log } from '../../src/kernel/ctx.ts'
import { newId } from '../../src/kernel/ids.ts'
import { startRun } from '../../src/pipelines/engine/index.ts'
import { openDatabase, type Database } from '../../src/platform/db/index.ts'
import { wallMs } from './messages.ts'
import { noop, type NoopInput } from './noop.ts'

/** A migrated database, seen by its owner and by the product. */
export interface Setting {
  readonly databaseUrl: string
  readonly owner: pg.Pool
  readonly db: Database
  readonly signal: AbortSignal
}

/** The bench is about the engine, not about what a plan allows. */
const PLENTY = { ...PLANS.team, concurrentRuns: 1_000_000, runsPerDay: 1_000_000, activeChunks: 100_000 }

const nothing = (): void => {}
const complain = (_: object, message: string): void => console.error(message)
const log: Log = { debug: nothing, info: nothing, warn: complain, error: complain, child: () => log }

export async function openSetting(
  databaseUrl: string,
  signal: AbortSignal,
): Promise<{ setting: Setting; close: () => Promise<void> }> {
  await migrateDatabase(databaseUrl)
  const owner = new pg.Pool({ connectionString: databaseUrl, max: 2 })
  owner.on('error', nothing)
  const db = openDatabase({ url: databaseUrl, log })
  const close = async (): Promise<void> => {
    await Promise.all([owner.end(), db.close()])
  }
  return { setting: { databaseUrl, owner, db, signal }, close }
}

export async function makeOrg({ owner }: Setting): Promise<OrgId> {
  const org = newId('org')
  await owner.query('insert into organizations (org_id, slug, name, created_at) values ($1, $2, $2, now())', [
    org,
    org.replaceAll('_', '-').toLowerCase(),
  ])
  return org
}

const pipeline = noop(nothing)

/** As `runs.start` does it. Answers when it was called, by the wall clock. */
export async function start(
  { db }: Setting,
  org: OrgId,
  input: NoopInput,
): Promise<{ readonly id: string; readonly at: number }> {
  const at = wallMs()
  const call = {
    org,
    limits: PLENTY,
    requestId: 'bench',
    createdBy: 'bench',
    priority: 'normal',
    schedule: null,
  } as const
  const request = { ...call, pipeline, input, subject: 'bench' }
  const { id } = await db.tenant(org).write((sql) => startRun(sql, request))
  return { id, at }
}

export async function until(
  { signal }: Setting,
  everyMs: number,
  condition: () => boolean | Promise<boolean>,
): Promise<void> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(300_000)])
  while (!(await condition())) await sleep(everyMs, undefined, { signal: limit })
}

export async function forgetRuns({ owner }: Setting): Promise<void> {
  await owner.query('delete from runs')
}
