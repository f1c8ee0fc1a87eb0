import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from 'vitest'
import { FAILPOINTS, type Failpoint } from '../../src/kernel/failpoint.ts'
import {
  killAtRandom,
  METERED,
  openStage,
  workFor,
  type Actor,
  type Part,
  type Stage,
} from '../support/kill-harness.ts'
import { findDrift, findViolations, totalsOf } from '../support/kill-invariants.ts'
import { waitFor } from '../support/wait-for.ts'

const LEASE_MS = 1_000
const SMALL = { chunks: 40, ms: 0, fails: false }
/** Goes on for seconds. */
const LONG = { chunks: 200, ms: 300, fails: false }
/** A plan of more than one page. */
const LARGE = { ...SMALL, chunks: 1_200 }

let stage: Stage
beforeAll(async () => {
  stage = await openStage()
}, 60_000)
afterAll(() => stage.end())

function start(part: Part, settings: Parameters<Stage['start']>[1] = {}, failpoints?: string): Actor {
  const actor = stage.start(part, { leaseMs: LEASE_MS, ...settings }, failpoints)
  onTestFailed(() => console.error(`${part} ${failpoints ?? ''}\n${actor.output().slice(-5_000)}`))
  return actor
}

/** What a killed process of the API has begun is counted once and is whole, or is not there. */
async function begin(run = SMALL, failpoints?: string): Promise<{ org: string; starter: Actor }> {
  const org = await stage.makeOrg()
  const starter = start('starter', { org, subject: 'only', runs: [run], ...METERED }, failpoints)
  if (failpoints === undefined) {
    await waitFor(async () => (await runsOf(org)) === 1, 20_000)
    starter.signal('SIGKILL')
    await starter.ended
  }
  return { org, starter }
}

/** A PostgreSQL that is starting again answers later. */
const away = (): number => 0

async function runsOf(org: string): Promise<number> {
  return (await stage.owner.query('select from runs where org_id = $1', [org])).rowCount ?? 0
}

/** Another worker ends what is left, and everything is as if nobody had died. */
async function finish(): Promise<void> {
  expect(await findDrift(stage.owner)).toEqual([])
  const worker = start('worker')
  await stage.allEnded(20_000)
  worker.signal('SIGKILL')
  await worker.ended
  expect(await findViolations(stage.owner)).toEqual([])
}

/** The failpoints that a worker passes: at which of its passes it is killed, and what run leads there. */
const WORKER: Partial<Record<Failpoint, { readonly passes: readonly number[]; readonly run?: typeof SMALL }>> = {
  'chunk.claimed': { passes: [1, 3] },
  'step.begun': { passes: [1, 9] },
  'step.ended': { passes: [1, 9] },
  'plan.written': { passes: [1], run: LARGE },
  'settle.begun': { passes: [1, 5] },
  'settle.written': { passes: [1, 5] },
  'settle.committed': { passes: [1, 5] },
  'batch.written': { passes: [1, 4] },
  'batch.committed': { passes: [1, 4] },
  'run.ended': { passes: [1] },
  // The first of a worker is that of a plan.
  'credits.reserved': { passes: [1] },
  'credits.settled': { passes: [1, 4] },
  'run.closed': { passes: [1], run: { ...SMALL, fails: true } },
}

/** Those that somebody else passes, or that a worker passes after another has died. */
const OTHERS: Partial<Record<Failpoint, () => Promise<void>>> = {
  'run.started': async () => {
    const { org, starter } = await begin(SMALL, 'run.started=kill')
    expect(await starter.ended).toBe('SIGKILL')
    expect(await runsOf(org)).toBe(0)
  },
  'credits.reserved': async () => {
    const { org, starter } = await begin(SMALL, 'credits.reserved=kill')
    expect(await starter.ended).toBe('SIGKILL')
    expect(await runsOf(org)).toBe(0)
    expect((await stage.owner.query('select from credit_holds where org_id = $1', [org])).rowCount).toBe(0)
  },
  'credits.settled': async () => {
    const { org } = await begin()
    const canceller = start('canceller', { org, subject: 'only 0' }, 'credits.settled=kill')
    expect(await canceller.ended).toBe('SIGKILL')
  },
  'run.cancelled': async () => {
    const { org } = await begin()
    const canceller = start('canceller', { org, subject: 'only 0' }, 'run.cancelled=kill')
    expect(await canceller.ended).toBe('SIGKILL')
  },
  'chunk.reaped': async () => {
    await begin()
    expect(await start('worker', {}, 'step.begun=kill@3').ended).toBe('SIGKILL')
    expect(await start('worker', {}, 'chunk.reaped=kill@2').ended).toBe('SIGKILL')
  },
}

/** Those of onboarding and webhooks have tests of their own. */
describe('a process that dies at a failpoint', () => {
  const source = globSync('src/**/*.ts', { cwd: fileURLToPath(new URL('../..', import.meta.url)) })
    .map((path) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8'))
    .join('\n')

  for (const name of FAILPOINTS.filter((one) => !/^(?:onboarding|webhook)\./.test(one))) {
    const { passes = [], run } = WORKER[name] ?? {}
    it(`${name}: the run ends as if nobody had died`, async () => {
      expect(source.split(`failpoint('${name}')`)).toHaveLength(2)
      for (const pass of passes) {
        await begin(run)
        expect(await start('worker', {}, `${name}=kill@${pass}`).ended).toBe('SIGKILL')
      }
      const other = OTHERS[name]
      await other?.()
      expect([...passes, ...(other === undefined ? [] : [other])]).not.toEqual([])
      await finish()
    }, 60_000)
  }
})

describe('a worker that is stopped for longer than its lease', () => {
  for (const [what, failpoints] of [
    ['before it settles an effect', 'settle.begun=stop@6'],
    ['before it hands in a result', 'step.ended=stop@6'],
    ['in the middle of a settlement', 'settle.written=stop@6'],
    ['in the middle of a turn, which holds back all other workers', 'batch.written=stop@6'],
  ] as const) {
    it(`${what}: what it writes when it goes on is refused`, async () => {
      const { org } = await begin(LONG)
      const stopped = start('worker', {}, failpoints)
      await stopped.ready
      const held = "select from chunks where state = 'claimed' and lease_until < clock_timestamp()"
      await waitFor(async () => ((await stage.owner.query(held)).rowCount ?? 0) > 0, 20_000)
      expect(stopped.output()).not.toContain('late outcome')
      // Another does again what the first has held; the run goes on, so that the attempt alone can refuse the first.
      const other = start('worker')
      const again = `select bool_and(c.state = 'done') and not bool_or(r.ended_at is not null) as done
        from chunks c join runs r on r.org_id = c.org_id and r.id = c.run_id where c.org_id = $1 and c.lost > 0`
      // The server ends the transactions of the one that is stopped, one after the other: each after five seconds.
      await waitFor(
        async () => (await stage.owner.query<{ done: boolean }>(again, [org])).rows[0]?.done === true,
        40_000,
      )
      stopped.signal('SIGCONT')
      await waitFor(() => Promise.resolve(stopped.output().includes('a late outcome was refused')), 10_000)
      await stage.allEnded(20_000)
      expect(await findViolations(stage.owner)).toEqual([])
      for (const actor of [stopped, other]) actor.signal('SIGKILL')
      await Promise.all([stopped.ended, other.ended])
    }, 90_000)
  }
})

describe('an API that is stopped while it cancels a run', () => {
  it('does not keep the runs of others waiting, and then has cancelled nothing', async () => {
    const { org } = await begin()
    const { org: other } = await begin()
    const canceller = start('canceller', { org, subject: 'only 0' }, 'run.cancelled=stop')
    await canceller.ready
    const held = "select from pg_stat_activity where state = 'idle in transaction' and application_name = 'tenon app'"
    await waitFor(async () => ((await stage.owner.query(held)).rowCount ?? 0) > 0, 20_000)
    const worker = start('worker')
    const ended = 'select from runs where org_id = $1 and ended_at is not null'
    await waitFor(async () => (await stage.owner.query(ended, [other])).rowCount === 1, 20_000)
    expect((await stage.owner.query(held)).rowCount).toBe(1)
    // The database ends the transaction of who says nothing any more.
    await waitFor(async () => (await stage.owner.query(held)).rowCount === 0, 20_000)
    canceller.signal('SIGCONT')
    await stage.allEnded(20_000)
    expect(await findViolations(stage.owner)).toEqual([])
    for (const actor of [canceller, worker]) actor.signal('SIGKILL')
    await Promise.all([canceller.ended, worker.ended])
  }, 60_000)
})

describe('50 kills at random, of workers, of what starts runs, and of PostgreSQL', () => {
  it('leave every effect exactly once, every run ended and every count at zero', async ({ annotate }) => {
    const seed = Math.floor(Math.random() * 2 ** 31)
    onTestFailed(() => console.error(`seed ${seed}`))
    const org = await stage.makeOrg()
    const before = await totalsOf(stage.owner)
    const began = performance.now()
    const runs = workFor(50)
    const drift: string[] = []
    const { counts: kills } = await killAtRandom(stage, {
      kills: 50,
      seed,
      paceMs: 1_000,
      org,
      runs,
      onKill: () => void findDrift(stage.owner).then((found) => drift.push(...found), away),
    })
    const killedMs = performance.now() - began
    const last = start('worker')
    await waitFor(async () => (await runsOf(org).catch(away)) >= runs.length, 60_000)
    await stage.allEnded(60_000)
    const { chunks, effects, lost } = await totalsOf(stage.owner)
    expect(drift).toEqual([])
    expect(await findViolations(stage.owner)).toEqual([])
    expect(chunks - before.chunks).toBeGreaterThanOrEqual(2_000)
    last.signal('SIGKILL')
    const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
    const said = {
      seed,
      kills,
      chunks: chunks - before.chunks,
      effects: effects - before.effects,
      lost: lost - before.lost,
    }
    await annotate(
      `${JSON.stringify(said)}, ${seconds(killedMs)} of kills, ${seconds(performance.now() - began)} in all`,
    )
  }, 180_000)
})
