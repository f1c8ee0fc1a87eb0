import { readdirSync, readFileSync } from 'node:fs'

const EVERY_MS = 50

/** Watches how much memory processes and all that they start have resident together; shared pages count each time. */
export function memoryPeak(pids: readonly number[]): { peakMB(): number | null; stop(): void } {
  let peakKB = 0
  const look = (): void => {
    peakKB = Math.max(peakKB, sumOf(pids))
  }
  look()
  const timer = setInterval(look, EVERY_MS)
  return {
    peakMB: () => {
      look()
      return peakKB === 0 ? null : peakKB / 1024
    },
    stop: () => clearInterval(timer),
  }
}

function sumOf(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + residentKB(pid) + sumOf(childrenOf(pid)), 0)
}

function residentKB(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(textOf(`/proc/${pid}/status`))?.[1] ?? 0)
}

/** Any thread of the process may have started them. */
function childrenOf(pid: number): number[] {
  return threadsOf(pid).flatMap((thread) =>
    textOf(`/proc/${pid}/task/${thread}/children`).trim().split(' ').filter(Boolean).map(Number),
  )
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** Empty when the process has ended, and where there is no such folder. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
