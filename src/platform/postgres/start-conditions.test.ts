/** The machine's conditions: who runs Tenon, and what the disk allows. Each needs rights that a machine may not give. */
import { chown, mkdtemp, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  asNobody,
  postgresProcess,
  reportOf,
  type Report,
  runReporting,
  works,
} from '../../../test/support/processes.ts'
import { startEmbeddedPostgres } from './start.ts'

const NOBODY = 65534
const isRoot = process.getuid?.() === 0
const canBeNobody = isRoot && works(asNobody([process.execPath, '--version']))
const canMount = isRoot && works(shell('mount -t tmpfs -o size=1m tmpfs /mnt'))

let dataDir = ''

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'tenon-test-pg-'))
})

afterEach(async () => {
  await rm(dataDir, { recursive: true, force: true, maxRetries: 3 })
})

/** A shell script with mounts of its own, which go with it. */
function shell(script: string): string[] {
  return ['/usr/bin/unshare', '--mount', '/bin/sh', '-ec', script]
}

function quoted(command: readonly string[]): string {
  return command.map((word) => `'${word}'`).join(' ')
}

async function ownerOf(path: string): Promise<number> {
  return (await stat(path)).uid
}

describe.skipIf(!isRoot)('as root', () => {
  test('the server runs, and its files stay those of root', async () => {
    const server = await startEmbeddedPostgres({ dataDir })
    await server.stop()
    expect(await ownerOf(join(dataDir, 'postgres', 'data'))).toBe(0)
  })

  test.skipIf(!canBeNobody)('without user namespaces it runs as a user without rights, then and later', async () => {
    const first = await reportOf(postgresProcess(dataDir, 'leave', 'no-namespaces'))
    expect(first).toMatchObject({ ok: true, adopted: false })
    expect(await ownerOf(`/proc/${first.pid}`)).toBe(NOBODY)
    const adopted = await startEmbeddedPostgres({ dataDir, unsharePaths: [] })
    expect(adopted).toMatchObject({ adopted: true, pid: first.pid })
    await adopted.stop()

    const later = await startEmbeddedPostgres({ dataDir })
    expect(await ownerOf(`/proc/${later.pid}`)).toBe(NOBODY)
    await later.stop()
  })

  test.skipIf(!canBeNobody)("a server that can't be run as another user says what to do", async () => {
    const report = await reportOf(postgresProcess(join(dataDir, 'below'), 'stop', 'no-namespaces'))
    expect(report).toMatchObject({ ok: false, details: { hint: expect.stringContaining('DATABASE_URL') } })
  })
})

describe.skipIf(!canBeNobody)('as a normal user', () => {
  test('the server runs in a folder of that user, first and warm', async () => {
    await chown(dataDir, NOBODY, NOBODY)
    const first = await reportOf(asNobody(postgresProcess(dataDir, 'stop')))
    expect(first).toMatchObject({ ok: true, adopted: false })
    const { child, next } = runReporting(asNobody(postgresProcess(dataDir, 'hold')))
    const warm = await next()
    expect(warm.startedMs).toBeLessThan(1000)
    expect(await ownerOf(`/proc/${warm.pid}`)).toBe(NOBODY)
    child.kill('SIGKILL')
    expect(await reportOf(asNobody(postgresProcess(dataDir, 'stop')))).toMatchObject({ ok: true, adopted: true })
  })

  test('root goes on with what that user began', async () => {
    await chown(dataDir, NOBODY, NOBODY)
    await reportOf(asNobody(postgresProcess(dataDir, 'stop')))
    const server = await startEmbeddedPostgres({ dataDir })
    await server.stop()
    expect(await ownerOf(join(dataDir, 'postgres', 'data'))).toBe(NOBODY)
    expect(await reportOf(asNobody(postgresProcess(dataDir, 'stop')))).toMatchObject({ ok: true })
  })

  test('a folder that is not theirs can not be written', async () => {
    const report = await reportOf(asNobody(postgresProcess(dataDir, 'stop')))
    expect(report).toMatchObject({ ok: false, code: 'data_dir_unwritable' })
  })
})

describe.skipIf(!canMount)('on a full disk', () => {
  const tmpfs = (sizeMb: number) => `mount -t tmpfs -o size=${sizeMb}m,mode=0700 tmpfs '${dataDir}'`

  test('the first start says so, and succeeds when there is space', async () => {
    const run = `${quoted(postgresProcess(dataDir, 'stop'))} || true`
    const { next } = runReporting(shell(`${tmpfs(24)}; ${run}; mount -o remount,size=120m '${dataDir}'; ${run}`))
    expect(await next()).toMatchObject({ ok: false, code: 'disk_full' })
    expect(await next()).toMatchObject({ ok: true, adopted: false })
  })

  test('a later start says so, and runs when there is space again', async () => {
    const run = `${quoted(postgresProcess(dataDir, 'stop'))} || true`
    const fill = `dd if=/dev/zero of='${dataDir}/fill' bs=4k status=none || true`
    const { next } = runReporting(
      shell(`${tmpfs(120)}; ${run}; (${fill}) 2>/dev/null; ${run}; rm '${dataDir}/fill'; ${run}`),
    )
    const [first, full, freed]: Report[] = [await next(), await next(), await next()]
    expect(first).toMatchObject({ ok: true })
    expect(full).toMatchObject({ ok: false, code: 'disk_full' })
    expect(freed).toMatchObject({ ok: true })
  })
})

describe('on a read-only disk', () => {
  test.skipIf(!canMount)('a new data folder can not be made', async () => {
    const readOnly = `mount --bind '${dataDir}' '${dataDir}'; mount -o remount,ro,bind '${dataDir}'`
    const report = await reportOf(shell(`${readOnly}; ${quoted(postgresProcess(join(dataDir, 'new'), 'stop'))}`))
    expect(report).toMatchObject({ ok: false, code: 'data_dir_unwritable' })
  })

  test.skipIf(!canMount)('one with a cluster can not be used', async () => {
    await reportOf(postgresProcess(dataDir, 'stop'))
    const readOnly = `mount --bind '${dataDir}' '${dataDir}'; mount -o remount,ro,bind '${dataDir}'`
    const report = await reportOf(shell(`${readOnly}; ${quoted(postgresProcess(dataDir, 'stop'))}`))
    expect(report).toMatchObject({ ok: false, code: 'data_dir_unwritable' })
  })

  test('a data folder below a file can not be made', async () => {
    await writeFile(join(dataDir, 'file'), '')
    await expect(startEmbeddedPostgres({ dataDir: join(dataDir, 'file', 'data') })).rejects.toMatchObject({
      code: 'data_dir_unwritable',
    })
  })
})
