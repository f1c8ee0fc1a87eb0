import type { ApiResults } from './api.ts'
import type { ServerProfile } from './api/profile-server.ts'
import { SHARES } from './api/profile.ts'
import type { SearchResults } from './search.ts'

const TARGETS = { perSecondToReference: 0.3, p99Ms: 25 }
const FUNCTIONS = 25

export function reportSearch(results: SearchResults): void {
  console.log('\nSearch, beside git grep')
  console.table(Object.fromEntries(Object.entries(results).map(([name, value]) => [name, rounded(value, 2)])))
}

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
  const target = (met: boolean, text: string): void => console.log(`${met ? 'met   ' : 'MISSED'} ${text}`)
  target(
    perSecondToReference >= TARGETS.perSecondToReference,
    `requests/s at least ${TARGETS.perSecondToReference} of the reference: ${rounded(perSecondToReference, 3)}`,
  )
  target(tenon.p99Ms < TARGETS.p99Ms, `p99 under ${TARGETS.p99Ms} ms: ${rounded(tenon.p99Ms)}`)
  target(tenon.failed + reference.failed === 0, `no error and no other answer: ${tenon.failed + reference.failed}`)
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

function rounded<T extends number | null>(value: T, digits = 1): T {
  return (value === null ? null : Number(value.toFixed(digits))) as T
}
