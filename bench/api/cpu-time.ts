import { readFileSync } from 'node:fs'

/** Linux counts in hundredths of a second on every architecture that Node runs on. */
const MICROSECONDS_PER_TICK = 10_000

/** CPU time that processes have used, in microseconds; null where the system does not tell. */
export interface CpuTime {
  readonly process: number
  /** Of the process, what its first thread used: the one that runs JavaScript. */
  readonly mainThread: number
  /** Of PostgreSQL, server and connections. */
  readonly postgres: number
}

export function cpuTime(pid: number, postgresPid: number): CpuTime | null {
  try {
    const postgres = [postgresPid, ...childrenOf(postgresPid)].map((one) => microseconds(`/proc/${one}/stat`))
    return {
      process: microseconds(`/proc/${pid}/stat`),
      mainThread: microseconds(`/proc/${pid}/task/${pid}/stat`),
      postgres: postgres.reduce((sum, one) => sum + one, 0),
    }
  } catch {
    return null
  }
}

/** What was used between two readings. */
export function cpuBetween(before: CpuTime | null, after: CpuTime | null): CpuTime | null {
  if (before === null || after === null) return null
  return {
    process: after.process - before.process,
    mainThread: after.mainThread - before.mainThread,
    postgres: after.postgres - before.postgres,
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number)
}

/** User and system time: fields 14 and 15, counted after the name, which may hold anything. */
function microseconds(file: string): number {
  const text = readFileSync(file, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * MICROSECONDS_PER_TICK
}
