import { median } from '../statistics.ts'
import { cpuBetween, cpuTime } from './cpu-time.ts'
import { makeFixture, type Fixture } from './fixture.ts'
import { putLoad } from './load.ts'
import type { Server } from './server.ts'
import { ROOT_KEY, startReference, startTenon, type Setting } from './setting.ts'

const WARM_UP_SECONDS = 3
const ROUND_SECONDS = 6
const ROUNDS = 3

/** Medians over the rounds; CPU in microseconds for each answer, null where the system does not tell. */
export interface Measured {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly failed: number
  readonly cpuMicros: number | null
  readonly postgresCpuMicros: number | null
  /** Of the load: with the others it shares the cores. */
  readonly loadCpuMicros: number
}

export interface Comparison {
  readonly tenon: Measured
  readonly reference: Measured
  readonly perSecondToReference: number
}

type Round = Measured

export async function compare(setting: Setting): Promise<{ fixture: Fixture; comparison: Comparison }> {
  await using ends = new AsyncDisposableStack()
  const tenon = await startTenon(setting, 'tenon')
  ends.defer(tenon.stop)
  const reference = await startReference(setting, 'reference')
  ends.defer(reference.stop)
  const { databaseUrl } = setting
  const fixture = await makeFixture({ url: tenon.url, rootKey: ROOT_KEY, databaseUrl })
  const servers = [reference, tenon]
  for (const server of servers) await checkAnswer(server, fixture)
  for (const server of servers) await runRound(setting, server, fixture, WARM_UP_SECONDS)
  const rounds = new Map(servers.map((server) => [server, [] as Round[]]))
  for (let round = 0; round < ROUNDS; round++)
    for (const [server, results] of rounds) results.push(await runRound(setting, server, fixture, ROUND_SECONDS))
  const ours = summary(rounds.get(tenon) ?? [])
  const theirs = summary(rounds.get(reference) ?? [])
  return {
    fixture,
    comparison: { tenon: ours, reference: theirs, perSecondToReference: ours.perSecond / theirs.perSecond },
  }
}

async function checkAnswer({ url }: Server, { path, headers, runId }: Fixture): Promise<void> {
  const answer = await fetch(`${url}${path}`, { headers })
  const text = await answer.text()
  const body = JSON.parse(text) as { data?: { id?: unknown } }
  if (answer.status !== 200 || body.data?.id !== runId) throw new Error(`${url} answers ${answer.status}: ${text}`)
}

async function runRound(setting: Setting, server: Server, fixture: Fixture, seconds: number): Promise<Round> {
  const { signal, postgresPid } = setting
  const before = cpuTime(server.pid, postgresPid)
  const load = { url: `${server.url}${fixture.path}`, headers: fixture.headers, seconds }
  const { ok, failed, perSecond, p50Ms, p99Ms, cpuMicros } = await putLoad(load, signal)
  const used = cpuBetween(before, cpuTime(server.pid, postgresPid))
  return {
    perSecond,
    p50Ms,
    p99Ms,
    failed,
    cpuMicros: used && used.process / ok,
    postgresCpuMicros: used && used.postgres / ok,
    loadCpuMicros: cpuMicros,
  }
}

function summary(rounds: readonly Round[]): Measured {
  const middle = (read: (round: Round) => number): number => median(rounds.map(read))
  const known = rounds.every(({ cpuMicros }) => cpuMicros !== null)
  return {
    perSecond: middle(({ perSecond }) => perSecond),
    p50Ms: middle(({ p50Ms }) => p50Ms),
    p99Ms: middle(({ p99Ms }) => p99Ms),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0),
    cpuMicros: known ? middle(({ cpuMicros }) => cpuMicros ?? 0) : null,
    postgresCpuMicros: known ? middle(({ postgresCpuMicros }) => postgresCpuMicros ?? 0) : null,
    loadCpuMicros: middle(({ loadCpuMicros }) => loadCpuMicros),
  }
}
