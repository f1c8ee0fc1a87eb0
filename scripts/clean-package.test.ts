import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { temporaryFolder } from '../test/support/temporary-folder.ts'

let folder: ReturnType<typeof temporaryFolder>
let script = ''
let dist = ''

beforeEach(() => {
  folder = temporaryFolder('clean-package')
  script = join(folder.path, 'scripts', 'clean-package.js')
  dist = join(folder.path, 'dist')
  cpSync(fileURLToPath(new URL('clean-package.js', import.meta.url)), script)
  writeFileSync(join(folder.path, 'package.json'), '{"type": "module"}')
  mkdirSync(join(dist, 'app'), { recursive: true })
})
afterEach(() => folder.remove())

test('the build is removed at once where nothing is waited for', async () => {
  await once(spawn(process.execPath, [script]), 'close')
  expect(existsSync(dist)).toBe(false)
  expect(existsSync(script)).toBe(true)
})

test('the build stays while npm packs it, and goes when npm is killed', async () => {
  const npm = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'])
  const other = spawn(process.execPath, ['-e', ''])
  const cleaner = spawn(process.execPath, [script, String(npm.pid), String(other.pid)])
  const cleaned = once(cleaner, 'close')
  await once(other, 'close')
  expect(existsSync(dist)).toBe(true)
  npm.kill('SIGKILL')
  await cleaned
  expect(existsSync(dist)).toBe(false)
})
