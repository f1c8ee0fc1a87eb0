import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

/** What a server says of itself in its `postmaster.pid`. */
export interface PidFile {
  readonly pid: number
  /** 0 until it is known. */
  readonly port: number
  /** `starting`, `ready`, `stopping`; empty until it is known. */
  readonly status: string
}

export function pidFilePath(cluster: string): string {
  return join(cluster, 'postmaster.pid')
}

export async function readPidFile(cluster: string): Promise<PidFile | null> {
  // No server has left one.
  const text = await readFile(pidFilePath(cluster), 'utf8').catch(() => '')
  const lines = text.split('\n')
  const pid = Number(lines[0])
  if (!Number.isInteger(pid) || pid <= 0) return null
  return { pid, port: Number(lines[3]) || 0, status: lines[7]?.trim() ?? '' }
}
