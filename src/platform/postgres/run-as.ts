import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { access, chmod, chown, constants, lchown, readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Place } from './place.ts'

/** PostgreSQL refuses to run as root. `namespace` shows it a user id that isn't, with the rights of root's own files. */
export type RunAs =
  | { readonly kind: 'self' }
  | { readonly kind: 'namespace'; readonly unshare: string }
  | { readonly kind: 'user'; readonly uid: number; readonly gid: number }

const NOBODY = 65534
const MAP = ['--user', '--map-user=1000', '--map-group=1000', '--']
export const UNSHARE_PATHS: readonly string[] = ['/usr/bin/unshare', '/bin/unshare', '/usr/sbin/unshare']

/** Chooses under which user the server runs: this one, unless that is root; the owner of a cluster that exists. */
export async function chooseRunAs(place: Place, unsharePaths: readonly string[] = UNSHARE_PATHS): Promise<RunAs> {
  if (process.getuid?.() !== 0) return { kind: 'self' }
  // Before the first start there is no cluster.
  const owner = await stat(place.cluster).catch(() => null)
  if (owner && owner.uid !== 0) return { kind: 'user', uid: owner.uid, gid: owner.gid }
  for (const unshare of unsharePaths) {
    if (await canUnshare(unshare)) return { kind: 'namespace', unshare }
  }
  return { kind: 'user', uid: NOBODY, gid: NOBODY }
}

/** Makes what the server's user must reach reachable: its own files, and the way to them inside the data folder. */
export async function handOverFiles(place: Place, runAs: RunAs, path: string): Promise<void> {
  if (runAs.kind !== 'user') return
  for (const folder of [place.dataDir, place.folder]) {
    const { uid, mode } = await stat(folder)
    if (uid !== runAs.uid) await chmod(folder, mode | 0o011)
  }
  const { uid } = await stat(path)
  if (uid !== runAs.uid) await chownAll(path, runAs)
}

/** Starts a program of PostgreSQL with an environment of its own, to which `options.env` adds. */
export function spawnAs(runAs: RunAs, program: string, args: readonly string[], options: SpawnOptions): ChildProcess {
  const env = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin', ...options.env }
  switch (runAs.kind) {
    case 'self':
      return spawn(program, args, { ...options, env })
    case 'namespace':
      return spawn(runAs.unshare, [...MAP, program, ...args], { ...options, env })
    case 'user':
      return spawn(program, args, { ...options, env, uid: runAs.uid, gid: runAs.gid })
  }
}

/** What helps when a program does not start under a user. */
export function runAsHint(runAs: RunAs): string | undefined {
  if (runAs.kind !== 'user') return undefined
  return (
    `As root, without user namespaces, PostgreSQL runs as user ${runAs.uid}, who must be able to enter every folder ` +
    'above the data folder and above node_modules (a home of mode 0700 stops it). Start Tenon as a normal user, or set DATABASE_URL.'
  )
}

async function canUnshare(unshare: string): Promise<boolean> {
  try {
    await access(unshare, constants.X_OK)
    const child = spawn(unshare, [...MAP, unshare, '--version'], { stdio: 'ignore', env: {} })
    const [code] = await once(child, 'exit')
    return code === 0
  } catch {
    // Whatever keeps it from running: another way is taken.
    return false
  }
}

async function chownAll(path: string, user: { readonly uid: number; readonly gid: number }): Promise<void> {
  if (!(await stat(path)).isDirectory()) return chown(path, user.uid, user.gid)
  for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), user.uid, user.gid)
  await chown(path, user.uid, user.gid)
}
