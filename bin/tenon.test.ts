import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { bundleNode, oldNodeCommand } from '../test/support/old-node.ts'

const APP = `
const [what] = process.argv.slice(2)
const mark: string | undefined = process.env['TENON_REEXECUTED_BY']
if (what === 'fail') process.exitCode = 7
if (what === 'wait') {
  process.on('SIGTERM', () => process.exit(9))
  setInterval(() => {}, 1000)
}
if (what === 'hang') setInterval(() => {}, 1000)
console.log(JSON.stringify({ major: Number.parseInt(process.versions.node), args: process.argv.slice(2), mark }))
`

const BUILT = `console.log(JSON.stringify({
  built: true, major: Number.parseInt(process.versions.node), args: process.argv.slice(2),
}))`

let checkout = ''
let tenon = ''

beforeEach(async () => {
  checkout = await mkdtemp(join(tmpdir(), 'tenon-test-bin-'))
  tenon = join(checkout, 'bin', 'tenon.js')
  await mkdir(join(checkout, 'src', 'app'), { recursive: true })
  await mkdir(join(checkout, 'bin'))
  for (const file of ['tenon.js', 'bundled-node.js'])
    await cp(new URL(file, import.meta.url), join(checkout, 'bin', file))
  await writeFile(join(checkout, 'package.json'), '{"type": "module"}')
  await writeFile(join(checkout, 'src', 'app', 'bin.ts'), APP)
})

afterEach(async () => {
  await rm(checkout, { recursive: true, force: true })
})

/** Moves it to where npm puts a package: below a node_modules, with a build and no sources. */
async function asPackage() {
  const installed = join(checkout, 'node_modules', 'tenon')
  await mkdir(join(installed, 'dist', 'app'), { recursive: true })
  await rename(join(checkout, 'bin'), join(installed, 'bin'))
  await writeFile(join(installed, 'package.json'), '{"type": "module"}')
  await writeFile(join(installed, 'dist', 'app', 'bin.js'), BUILT)
  tenon = join(installed, 'bin', 'tenon.js')
}

function start(command: readonly string[], ...args: string[]) {
  const [program = '', ...before] = command
  const child = spawn(program, [...before, tenon, ...args], { env: { PATH: '/usr/bin:/bin' } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const ended = once(child, 'close').then(([code, signal]: unknown[]) => ({ code, signal, stdout, stderr }))
  return { child, ended }
}

test('the needed Node runs the program itself', async () => {
  const { code, stdout } = await start([process.execPath], 'runs', '--json').ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ args: ['runs', '--json'] })
})

test('an older Node hands over to the bundled one, with arguments and exit code', async () => {
  bundleNode(checkout, process.execPath)
  const { code, stdout } = await start(oldNodeCommand(checkout).command, 'fail', 'a b', '--', '--json').ended
  expect(JSON.parse(stdout)).toEqual({ major: 26, args: ['fail', 'a b', '--', '--json'] })
  expect(code).toBe(7)
})

test('the Node of the platform package is found without any links', async () => {
  const folder = join(checkout, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
  await mkdir(folder, { recursive: true })
  await cp(process.execPath, join(folder, 'node'))
  const { stdout } = await start(oldNodeCommand(checkout).command, 'x').ended
  expect(JSON.parse(stdout)).toMatchObject({ major: 26 })
})

test('a signal to the older Node reaches the program, which decides how it ends', async () => {
  bundleNode(checkout, process.execPath)
  const { child, ended } = start(oldNodeCommand(checkout).command, 'wait')
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: 9, signal: null })
})

test('a program that a signal ends is seen to have ended so', async () => {
  bundleNode(checkout, process.execPath)
  const { child, ended } = start(oldNodeCommand(checkout).command, 'hang')
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  expect(await ended).toMatchObject({ code: null, signal: 'SIGTERM' })
})

test('without a bundled Node it says what to do', async () => {
  const { code, stdout, stderr } = await start(oldNodeCommand(checkout).command, 'x').ended
  expect(code).toBe(1)
  expect(stdout).toBe('')
  expect(stderr).toMatch(/this is Node \d+\.\d+\.\d+, and Tenon needs Node 26/)
  expect(stderr).toContain('npm start')
  expect(stderr).toContain(checkout)
})

test('an installed package without a bundled Node says how to get one', async () => {
  await asPackage()
  const { code, stderr } = await start(oldNodeCommand(checkout).command, 'x').ended
  expect(code).toBe(1)
  expect(stderr).toContain('Install Tenon again without `--omit=optional`')
  expect(stderr).not.toContain('npm start')
})

test('a package runs what was built, with the Node that npm put beside it or above it', async () => {
  await asPackage()
  bundleNode(checkout, process.execPath)
  const { code, stdout } = await start(oldNodeCommand(checkout).command, 'runs').ended
  expect(code).toBe(0)
  expect(JSON.parse(stdout)).toMatchObject({ major: 26, built: true, args: ['runs'] })
})

test('a checkout runs its sources, also beside a build that was left behind', async () => {
  await mkdir(join(checkout, 'dist', 'app'), { recursive: true })
  await writeFile(join(checkout, 'dist', 'app', 'bin.js'), BUILT)
  const { stdout } = await start([process.execPath], 'x').ended
  expect(JSON.parse(stdout)).not.toHaveProperty('built')
})

test('a package that was made without its build says so', async () => {
  await rm(join(checkout, 'src'), { recursive: true })
  const { code, stderr } = await start([process.execPath], 'x').ended
  expect(code).toBe(1)
  expect(stderr).toContain('has no build')
})

test('a bundled Node that is old itself is not tried again and again', async (context) => {
  const { command, real } = oldNodeCommand(checkout)
  if (!real) return context.skip('this machine has no Node older than the needed one')
  bundleNode(checkout, command[0] ?? '')
  const { code, stderr } = await start(command, 'x').ended
  expect(code).toBe(1)
  expect(stderr).toContain('needs Node 26')
})

test('a bundled Node that does not start is named as the reason', async () => {
  const folder = join(checkout, 'node_modules', '.bin')
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'node'), 'no program', { mode: 0o644 })
  const { code, stderr } = await start(oldNodeCommand(checkout).command, 'x').ended
  expect(code).toBe(1)
  expect(stderr).toContain('did not start')
})
