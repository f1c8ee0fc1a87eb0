import type { ApiResults } from './api.ts'
import type { ServerProfile } from './api/profile-server.ts'
import { SHARES } from './api/profile.ts'
import type { EngineResults } from './engine.ts'
import { rounded, target } from './report-search.ts'

const TARGETS = { perSecondToReference: 0.3, p99Ms: 25 }
const ENGINE_TARGETS = {
  chunksPerSecond: 6_000,
  toBoss: 6,
  idle: { p50Ms: 100, p95Ms: 1_000 },
  crowded: { p50Ms: 500, p95Ms: 1_000 },
  besideMs: 1_000,
}
const FUNCTIONS = 25

export function reportApi(results: ApiResults): void {
  reportComparison(results)
  reportProfile(results)
}

function reportComparison({ tenon, reference, perSecondToReference }: ApiResults): void {
  console.log('\nAPI: GET /v1/runs/{org}/{run}, 64 connections, beside bare Hono with one point read')
  const row = (ours: number | null, theirs: number | null) => ({
    tenon: rounded(ours),
    reference: rounded(theirs),
    'tenon / reference': ours === null || theirs === null ? null : rounded(ours / theirs, 2),
  })
  console.table({
    'requests/s': row(tenon.perSecond, reference.perSecond),
    'p50 ms': row(tenon.p50Ms, reference.p50Ms),
    'p99 ms': row(tenon.p99Ms, reference.p99Ms),
    'server CPU µs/request': row(tenon.cpuMicros, reference.cpuMicros),
    'PostgreSQL CPU µs/request': row(tenon.postgresCpuMicros, reference.postgresCpuMicros),
    'load CPU µs/request': row(tenon.loadCpuMicros, reference.loadCpuMicros),
    'errors and non-2xx': { tenon: tenon.failed, reference: reference.failed },
  })
  target(
    perSecondToReference >= TARGETS.perSecondToReference,
    `requests/s at least ${TARGETS.perSecondToReference} of the reference: ${rounded(perSecondToReference, 3)}`,
  )
  target(tenon.p99Ms < TARGETS.p99Ms, `p99 under ${TARGETS.p99Ms} ms: ${rounded(tenon.p99Ms)}`)
  target(tenon.failed + reference.failed === 0, `no error and no other answer: ${tenon.failed + reference.failed}`)
}

export function reportEngine({ throughput, latency }: EngineResults): void {
  const { oneWorker, twoWorkers, boss, bossConcurrent, writes } = throughput
  console.log('\nEngine: chunks that do nothing, beside pg-boss on the same server')
  const row = (speed: EngineResults['throughput']['boss']) => ({
    'best /s': rounded(speed.best, 0),
    'median /s': rounded(speed.median, 0),
  })
  console.table({
    'one worker': row(oneWorker),
    'two workers': row(twoWorkers),
    'pg-boss, one by one': row(boss),
    'pg-boss, one by one, 10 at once': row(bossConcurrent),
  })
  console.log('\nWrites for each chunk, its planning included')
  console.table(Object.fromEntries(Object.entries(writes).map(([name, value]) => [name, rounded(value, 3)])))
  console.log('\nFrom startRun to the begin of the first work chunk, in ms')
  console.table(
    Object.fromEntries(
      Object.entries(latency).map(([name, { p50Ms, p95Ms, maxMs }]) => [
        name,
        { p50: rounded(p50Ms), p95: rounded(p95Ms), max: rounded(maxMs) },
      ]),
    ),
  )
  const { chunksPerSecond, toBoss, besideMs } = ENGINE_TARGETS
  target(
    oneWorker.median >= chunksPerSecond,
    `at least ${chunksPerSecond} chunks/s with one worker: ${rounded(oneWorker.median, 0)}`,
  )
  const ratio = oneWorker.median / boss.median
  target(ratio >= toBoss, `at least ${toBoss} times pg-boss one by one: ${rounded(ratio)}`)
  for (const name of ['idle', 'crowded'] as const) {
    const { p50Ms, p95Ms } = latency[name]
    const most = ENGINE_TARGETS[name]
    const text = `${name}: first chunk at most ${most.p50Ms} ms at p50, ${most.p95Ms} ms at p95`
    target(p50Ms <= most.p50Ms && p95Ms <= most.p95Ms, `${text}: ${rounded(p50Ms)} and ${rounded(p95Ms)}`)
  }
  for (const name of ['besideOtherOrg', 'besideSameOrg'] as const)
    target(latency[name].maxMs <= besideMs, `${name}: always within ${besideMs} ms: ${rounded(latency[name].maxMs)}`)
}

function reportProfile({ profile, tenon, reference }: ApiResults): void {
  const speeds = [profile.tenon, tenon, profile.reference, reference].map(({ perSecond }) => rounded(perSecond))
  console.log(
    `\nServer CPU by part in µs/request, under a profiler (requests/s: ${speeds[0]} against ${speeds[1]} without, ` +
      `the reference ${speeds[2]} against ${speeds[3]})`,
  )
  const row = (read: (one: ServerProfile) => number) => ({
    tenon: rounded(read(profile.tenon)),
    '%': rounded((100 * read(profile.tenon)) / wholeOf(profile.tenon)),
    reference: rounded(read(profile.reference)),
  })
  console.table({
    ...Object.fromEntries(SHARES.map((share) => [share, row(({ mainThread }) => mainThread[share])])),
    'main thread': row(wholeOf),
    'other threads': row(({ otherThreads }) => otherThreads ?? 0),
  })
  console.log("\nWhere Tenon's main thread spends it: time in the function itself, µs/request, part")
  for (const { name, share, micros } of profile.tenon.functions.slice(0, FUNCTIONS))
    console.log(`${micros.toFixed(1).padStart(7)}  ${share.padEnd(6)}  ${name.slice(0, 120)}`)
}

function wholeOf({ mainThread }: ServerProfile): number {
  return SHARES.reduce((sum, share) => sum + mainThread[share], 0)
}
