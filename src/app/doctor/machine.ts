import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { ERRORS } from '../../contract/errors.ts'
import { checkGit, prepareGit } from '../../pipelines/code/index.ts'
import type { Config } from '../config.ts'
import { readMasterKey } from '../master-key.ts'
import { codeOf, fail, ok, warn, type Finding } from './finding.ts'

const NEEDED_NODE = 26
const MIN_FREE_BYTES = 500_000_000
const SCARCE_BYTES = 2_000_000_000

/** @param version As `process.versions.node`. */
export function nodeFinding(version: string): Finding {
  return Number(version.split('.')[0]) >= NEEDED_NODE
    ? ok('Node', version)
    : fail('Node', version, `Run \`npm start\`, which installs Node ${NEEDED_NODE} into this folder.`)
}

export async function gitFinding(config: Config): Promise<Finding> {
  try {
    return ok('git', await checkGit(prepareGit({ dir: join(config.dataDir, 'git'), ...config.git })))
  } catch (thrown) {
    const code = codeOf(thrown)
    return fail('git', code === 'git_missing' ? 'missing or too old' : 'could not be run', ERRORS[code].recovery)
  }
}

export function folderFinding({ dataDir }: Config, freeBytes: (folder: string) => number = freeBytesOf): Finding {
  const check = 'data folder'
  const there = existsSync(dataDir)
  const nearest = nearestFolder(dataDir)
  try {
    accessSync(nearest, constants.R_OK | constants.W_OK | constants.X_OK)
    if (!statSync(nearest).isDirectory()) throw new Error('no folder')
  } catch {
    return fail(check, `${dataDir} can not be written`, ERRORS.data_dir_unwritable.recovery)
  }
  const free = freeBytes(nearest)
  const found = `${dataDir}${there ? '' : ', made at the first start'}, ${(free / 1e9).toFixed(1)} GB free`
  if (free < MIN_FREE_BYTES) return fail(check, found, ERRORS.disk_full.recovery)
  if (there && (statSync(dataDir).mode & 0o002) !== 0)
    return warn(check, `${found}, others may write there`, `Take their rights away: chmod o-w ${dataDir}`)
  if (free < SCARCE_BYTES) return warn(check, found, 'Free some space: an index and its database need a few GB.')
  return ok(check, found)
}

function freeBytesOf(folder: string): number {
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize
}

function nearestFolder(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestFolder(dirname(path))
}

/** The port is free, or Tenon itself is on it. */
export async function portFinding({ host, port }: Config, isTenon: boolean): Promise<Finding> {
  if (isTenon) return ok('port', `${port}, used by Tenon`)
  const free = await new Promise<boolean>((resolve) => {
    // Whatever hinders it: nobody can listen there.
    const probe = createServer().once('error', () => resolve(false))
    probe.listen({ host, port, exclusive: true }, () => probe.close(() => resolve(true)))
  })
  return free
    ? ok('port', `${port} is free`)
    : fail('port', `${port} is used by another program`, ERRORS.port_in_use.recovery)
}

/** What tokens of private repositories are sealed with. */
export function masterKeyFinding(config: Config): Finding {
  const check = 'master key'
  const kept = join(config.dataDir, 'master.key')
  const file = config.masterKeyFile ?? (existsSync(kept) ? kept : undefined)
  if (file === undefined) {
    if (config.databaseUrl === undefined) return ok(check, 'made at the first start')
    return warn(
      check,
      'TENON_MASTER_KEY_FILE is not set',
      'Without it `serve` and `worker` take no tokens of private repositories; `start` makes one.',
    )
  }
  try {
    readMasterKey({ ...config, masterKeyFile: file })
    return ok(check, file)
  } catch (thrown) {
    return fail(check, `${file}: ${messageOf(thrown)}`, 'Mend it, or name another file in TENON_MASTER_KEY_FILE.')
  }
}

/** Texts of our own errors alone. */
function messageOf(thrown: unknown): string {
  const issues = (thrown as { details?: { issues?: readonly { message: string }[] } }).details?.issues
  return issues?.[0]?.message ?? 'It can not be read'
}
