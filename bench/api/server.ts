import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findFreePort } from '../../src/platform/postgres/free-port.ts'

export interface Server {
  readonly url: string
  readonly pid: number
  /** Ends it as an operator would. */
  stop(): Promise<void>
}

export interface ServerOptions {
  readonly name: string
  /** Arguments of Node. */
  readonly args: readonly string[]
  readonly env: (port: number) => Readonly<Record<string, string>>
  /** Where what it prints goes, as under an operator who keeps logs. */
  readonly folder: string
  readonly signal: AbortSignal
}

const START_MS = 30_000
const STOP_MS = 20_000

/** Starts a server in a process of its own and waits until it is ready. */
export async function startServer({ name, args, env, folder, signal }: ServerOptions): Promise<Server> {
  const port = await findFreePort(join(folder, 'no-port-is-remembered'))
  const logFile = join(folder, `${name}.log`)
  const output = openSync(logFile, 'a')
  const child = spawn(process.execPath, args, {
    cwd: folder,
    stdio: ['ignore', output, output],
    env: { PATH: process.env['PATH'] ?? '', HOME: folder, ...env(port) },
  })
  closeSync(output)
  const ended = once(child, 'exit')
  const kill = (): void => void child.kill('SIGKILL')
  process.once('exit', kill)
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM')
    const timer = setTimeout(kill, STOP_MS)
    await ended
    clearTimeout(timer)
    process.off('exit', kill)
  }
  const url = `http://127.0.0.1:${port}`
  try {
    const limit = AbortSignal.any([signal, AbortSignal.timeout(START_MS)])
    while (!(await isReady(url))) {
      if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`)
      await sleep(50, undefined, { signal: limit })
    }
  } catch (cause) {
    await stop()
    throw new Error(`${name} did not start:\n${readFileSync(logFile, 'utf8').slice(-4000)}`, { cause })
  }
  return { url, pid: child.pid ?? 0, stop }
}

async function isReady(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2000) })).ok
  } catch {
    return false
  }
}
