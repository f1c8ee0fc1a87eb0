import { existsSync, linkSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { TenonError } from '../kernel/tenon-error.ts'
import type { Config } from './config.ts'
import { readSecretFile } from './secret-file.ts'

const MIN_BYTES = 32

/**
 * What tokens are sealed with, from TENON_MASTER_KEY_FILE; undefined when that is not set.
 *
 * @throws TenonError `config_invalid` for a file that others can read, that is too short, or that can not be read.
 */
export function readMasterKey({ masterKeyFile }: Config): string | undefined {
  return masterKeyFile === undefined ? undefined : keyIn(masterKeyFile)
}

/** As `readMasterKey`; without the setting, that of the data folder, made at the first start. */
export function ensureMasterKey(config: Config): string {
  const given = readMasterKey(config)
  if (given !== undefined) return given
  const file = join(config.dataDir, 'master.key')
  if (!existsSync(file)) make(file)
  return keyIn(file)
}

/** Of several that start at once, the first one's key is that of all; it stands there whole or not at all. */
function make(file: string): void {
  const unfinished = `${file}.${randomBytes(8).toString('hex')}.unfinished`
  const key = randomBytes(MIN_BYTES).toString('base64url')
  writeFileSync(unfinished, `${key}\n`, { mode: 0o600, flag: 'wx', flush: true })
  try {
    linkSync(unfinished, file)
  } catch {
    // Somebody was faster, or this file system has no links.
    if (!existsSync(file)) renameSync(unfinished, file)
  } finally {
    rmSync(unfinished, { force: true })
  }
}

function keyIn(path: string): string {
  const key = readSecretFile(path, invalid)
  if (key.length < MIN_BYTES) throw invalid(`It has to hold at least ${MIN_BYTES} bytes`)
  return key.toString('base64')
}

function invalid(message: string, cause?: unknown): TenonError {
  return new TenonError('config_invalid', { details: { issues: [{ path: 'TENON_MASTER_KEY_FILE', message }] }, cause })
}
