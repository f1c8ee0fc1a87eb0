import { mkdtempSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuBetween, cpuTime } from './cpu-time.ts'
import type { Fixture } from './fixture.ts'
import { putLoad } from './load.ts'
import { attribute, SHARES, type Attribution, type CpuProfile, type Share } from './profile.ts'
import type { Server } from './server.ts'
import type { Setting } from './setting.ts'

const WARM_UP_SECONDS = 3
const PROFILED_SECONDS = 6
const SAMPLE_MICROS = 500

/** CPU in microseconds for each answer, of a server that runs slower than otherwise because it is being profiled. */
export interface ServerProfile {
  readonly perSecond: number
  readonly mainThread: Readonly<Record<Share, number>>
  /** Null where the system does not tell; then the main thread's numbers are time, not CPU time. */
  readonly otherThreads: number | null
  readonly functions: readonly { readonly name: string; readonly share: Share; readonly micros: number }[]
}

type Start = (setting: Setting, name: string, nodeArgs: readonly string[]) => Promise<Server>

export async function profileServer(setting: Setting, start: Start, fixture: Fixture): Promise<ServerProfile> {
  const folder = mkdtempSync(join(setting.folder, 'profile-'))
  const load = await loadProfiled(setting, start, fixture, folder)
  const [file] = readdirSync(folder)
  if (file === undefined) throw new Error('the server left no profile')
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
  return perAnswer(attribute(profile, load), load)
}

interface Profiled {
  readonly from: number
  readonly to: number
  readonly ok: number
  readonly perSecond: number
  readonly cpu: { readonly process: number; readonly mainThread: number } | null
}

/** The profile is written when the server ends. */
async function loadProfiled(setting: Setting, start: Start, fixture: Fixture, folder: string): Promise<Profiled> {
  const { signal, postgresPid } = setting
  const args = ['--cpu-prof', `--cpu-prof-dir=${folder}`, `--cpu-prof-interval=${SAMPLE_MICROS}`]
  await using ends = new AsyncDisposableStack()
  const server = await start(setting, 'profiled', args)
  ends.defer(server.stop)
  const load = { url: `${server.url}${fixture.path}`, headers: fixture.headers }
  await putLoad({ ...load, seconds: WARM_UP_SECONDS }, signal)
  const before = cpuTime(server.pid, postgresPid)
  const from = monotonicMicros()
  const { ok, perSecond } = await putLoad({ ...load, seconds: PROFILED_SECONDS }, signal)
  return { from, to: monotonicMicros(), ok, perSecond, cpu: cpuBetween(before, cpuTime(server.pid, postgresPid)) }
}

/** The profiler samples by the wall clock, so it tells shares; how much they are shares of, the system tells. */
function perAnswer(attribution: Attribution, { ok, perSecond, cpu }: Profiled): ServerProfile {
  const whole = cpu === null ? 1e6 / perSecond : cpu.mainThread / ok
  const { shares, functions } = attribution
  return {
    perSecond,
    mainThread: Object.fromEntries(SHARES.map((share) => [share, shares[share] * whole])) as Record<Share, number>,
    otherThreads: cpu === null ? null : (cpu.process - cpu.mainThread) / ok,
    functions: functions.map(({ name, share, fraction }) => ({ name, share, micros: fraction * whole })),
  }
}

function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}
