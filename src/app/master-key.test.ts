import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { join } from 'node:path'
import { Worker } from 'node:worker_threads'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { readConfig } from './config.ts'
import { ensureMasterKey, readMasterKey } from './master-key.ts'

const folder = temporaryFolder('master-key')
afterAll(() => folder.remove())

const SECRET = 'a secret that is long enough, or so it is hoped'
const refusal = (name: string) => ({
  code: 'config_invalid',
  details: { issues: [{ path: 'TENON_MASTER_KEY_FILE', message: expect.stringContaining(name) }] },
})
function thrownBy(work: () => unknown): unknown {
  try {
    work()
  } catch (error) {
    return error
  }
  throw new Error('it was expected to fail')
}
function fileWith(content: string | Buffer, mode = 0o600): string {
  const path = join(folder.path, `key-${Math.random()}`)
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}
const read = (path: string) => readMasterKey(readConfig({ TENON_MASTER_KEY_FILE: path }))

describe('the master key', () => {
  it('is not wanted', () => expect(readMasterKey(readConfig({}))).toBeUndefined())

  it('is all that stands in its file, but for line ends at its end', () => {
    const key = read(fileWith(SECRET))
    expect(key).toBe(Buffer.from(SECRET).toString('base64'))
    expect([read(fileWith(`${SECRET}\n`)), read(fileWith(`${SECRET}\r\n`, 0o440))]).toEqual([key, key])
    expect(read(fileWith(`${SECRET} `))).not.toBe(key)
    expect(read(fileWith(Buffer.alloc(32, 0xff)))).toBe(Buffer.alloc(32, 0xff).toString('base64'))
  })

  it('is refused when others can read it, when it is short, large, no file, or not there; never shown', () => {
    for (const [path, words] of [
      [fileWith(SECRET, 0o604), 'chmod'],
      [fileWith(`${'x'.repeat(31)}\n`), '32 bytes'],
      [fileWith('x'.repeat(100_000)), 'small'],
      [folder.path, 'regular'],
      [join(folder.path, 'none'), 'read'],
    ] as const) {
      const error = thrownBy(() => read(path))
      expect(error).toMatchObject(refusal(words))
      expect(JSON.stringify(error)).not.toContain('xxx')
    }
  })

  it('is made once in the data folder when nothing else is said, for its user alone', () => {
    const dataDir = join(folder.path, 'data')
    mkdirSync(dataDir)
    const config = readConfig({ TENON_DATA_DIR: dataDir })
    const made = ensureMasterKey(config)
    expect(ensureMasterKey(config)).toBe(made)
    const file = join(dataDir, 'master.key')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readFileSync(file).length).toBeGreaterThanOrEqual(32)
    expect(ensureMasterKey(readConfig({ TENON_DATA_DIR: dataDir, TENON_MASTER_KEY_FILE: fileWith(SECRET) }))).not.toBe(
      made,
    )
    chmodSync(file, 0o644)
    expect(thrownBy(() => ensureMasterKey(config))).toMatchObject({ code: 'config_invalid' })
  })

  it('is one when several start for the first time at once', async () => {
    const start = `
      const { workerData, parentPort } = require('node:worker_threads')
      Promise.all([import(workerData.module), import(workerData.config)]).then(([{ ensureMasterKey }, { readConfig }]) => {
        const all = new Int32Array(workerData.all)
        Atomics.add(all, 0, 1)
        while (Atomics.load(all, 0) < 4) {}
        parentPort.postMessage(ensureMasterKey(readConfig({ TENON_DATA_DIR: workerData.dataDir })))
      })`
    for (let round = 0; round < 3; round++) {
      const dataDir = join(folder.path, `race-${round}`)
      mkdirSync(dataDir)
      const workerData = {
        dataDir,
        all: new SharedArrayBuffer(4),
        module: new URL('master-key.ts', import.meta.url).href,
        config: new URL('config.ts', import.meta.url).href,
      }
      const threads = Array.from({ length: 4 }, () => new Worker(start, { eval: true, workerData }))
      const keys = await Promise.all(threads.map(async (thread) => String((await once(thread, 'message'))[0])))
      await Promise.all(threads.map((thread) => thread.terminate()))
      expect(new Set(keys).size).toBe(1)
      expect(readdirSync(dataDir)).toEqual(['master.key'])
    }
  }, 30_000)
})
