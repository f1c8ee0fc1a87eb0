import { once } from 'node:events'
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { asNobody, postgresProcess, reportOf, runReporting, works } from '../../../test/support/processes.ts'
import { lockDataDir } from './data-dir-lock.ts'

const isRoot = process.getuid?.() === 0
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tenon-test-lock-'))
})

afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

test('the folder is made for this user alone', async () => {
  const dataDir = join(folder, 'new', 'data')
  const lock = await lockDataDir(dataDir)
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700)
  expect((await stat(join(dataDir, 'lock.json'))).mode & 0o777).toBe(0o600)
  lock.release()
})

test('a second Tenon in the same process is refused until the first lets go', async () => {
  const first = await lockDataDir(folder)
  await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'data_dir_locked', details: { pid: process.pid } })
  first.release()
  first.release()
  const second = await lockDataDir(folder)
  second.release()
})

test('a Tenon in another process is refused, and told who holds the folder since when', async () => {
  const lock = await lockDataDir(folder)
  const report = await reportOf(postgresProcess(folder, 'lock'))
  expect(report).toMatchObject({ ok: false, code: 'data_dir_locked', details: { pid: process.pid } })
  expect(Date.parse(String(report.details['startedAt']))).toBeGreaterThan(Date.now() - 60_000)
  lock.release()
})

test('a holder that is killed holds the folder no longer', async () => {
  const { child, next } = runReporting(postgresProcess(folder, 'lock'))
  const { pid } = await next()
  await expect(lockDataDir(folder)).rejects.toMatchObject({ code: 'data_dir_locked', details: { pid } })
  child.kill('SIGKILL')
  await once(child, 'exit')
  const lock = await lockDataDir(folder)
  lock.release()
})

test('of eight at once, one gets the folder', async () => {
  const tries = await Promise.allSettled(Array.from({ length: 8 }, () => lockDataDir(folder)))
  const winners = tries.filter((one) => one.status === 'fulfilled')
  expect(winners).toHaveLength(1)
  for (const winner of winners) winner.value.release()
})

test('a folder below a file can not be written', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(lockDataDir(join(folder, 'file', 'data'))).rejects.toMatchObject({ code: 'data_dir_unwritable' })
  await expect(lockDataDir(join(folder, 'file'))).rejects.toMatchObject({ code: 'data_dir_unwritable' })
})

test.skipIf(!isRoot || !works(asNobody([process.execPath, '--version'])))(
  "another user's folder can not be written",
  async () => {
    const report = await reportOf(asNobody(postgresProcess(folder, 'lock')))
    expect(report).toMatchObject({ ok: false, code: 'data_dir_unwritable' })
  },
)
