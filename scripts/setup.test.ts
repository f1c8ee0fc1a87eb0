import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { oldNodeCommand } from '../test/support/old-node.ts'
import { findInstallProblems, reachable, rememberLeftOut } from './installed-packages.js'
import { explainFailure, npmCommand } from './npm-ci.js'

const TARGET = { dev: true, platform: 'linux', arch: 'x64' }

const LOCK = {
  '': { dependencies: { a: '1' }, devDependencies: { tool: '1' }, optionalDependencies: { lin: '1', win: '1' } },
  'node_modules/a': { version: '1.0.0', integrity: 'sha-a', dependencies: { b: '1' } },
  'node_modules/a/node_modules/b': { version: '1.5.0' },
  'node_modules/b': { version: '2.0.0', dev: true },
  'node_modules/tool': { version: '1.0.0', dev: true, dependencies: { b: '2' } },
  'node_modules/lin': { version: '1.0.0', optional: true, os: ['linux'], cpu: ['x64'] },
  'node_modules/win': { version: '1.0.0', optional: true, os: 'win32', dependencies: { winlib: '1' } },
  'node_modules/winlib': { version: '1.0.0', optional: true },
}

const INSTALLED = [
  'node_modules/a',
  'node_modules/a/node_modules/b',
  'node_modules/b',
  'node_modules/tool',
  'node_modules/lin',
] as const

let root = ''

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tenon-test-setup-'))
})

afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

type Packages = Record<string, Record<string, unknown>>

async function install(change: (packages: Packages) => void = () => {}): Promise<void> {
  await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCK }))
  const packages: Packages = Object.fromEntries(INSTALLED.map((folder) => [folder, { ...LOCK[folder] }]))
  for (const folder of INSTALLED) {
    await mkdir(join(root, folder), { recursive: true })
    await writeFile(join(root, folder, 'package.json'), '{}')
  }
  change(packages)
  await writeFile(join(root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages }))
}

const reasons = (target = TARGET) => findInstallProblems(root, target).map(({ reason }) => reason)

describe('what is installed', () => {
  test('a complete installation has no problems, though the packages of other platforms are absent', async () => {
    await install()
    expect(reasons()).toEqual([])
  })

  test('only what is reached on this platform is wanted', () => {
    expect([...reachable(LOCK, TARGET)].toSorted()).toEqual([...INSTALLED].toSorted())
    expect(reachable(LOCK, { ...TARGET, platform: 'win32' })).toContain('node_modules/winlib')
    expect([...reachable(LOCK, { ...TARGET, dev: false })].toSorted()).toEqual([
      'node_modules/a',
      'node_modules/a/node_modules/b',
      'node_modules/lin',
    ])
  })

  test('nothing, and an interrupted installation, are told apart', async () => {
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages: LOCK }))
    expect(reasons()).toEqual(['nothing is installed yet'])
    await mkdir(join(root, 'node_modules', 'a'), { recursive: true })
    expect(reasons()).toEqual(['an earlier installation was interrupted'])
    await writeFile(join(root, 'node_modules', '.package-lock.json'), '{"packages": {')
    expect(reasons()).toEqual(['an earlier installation was interrupted'])
  })

  test('another version, another build, a missing, a damaged and a superfluous package are found', async () => {
    await install((packages) => Object.assign(packages['node_modules/b'] ?? {}, { version: '1.9.0' }))
    expect(reasons()).toEqual(['b is 1.9.0 and should be 2.0.0'])
    await install((packages) => Object.assign(packages['node_modules/a'] ?? {}, { integrity: 'sha-other' }))
    expect(reasons()).toEqual(['a is another build of 1.0.0'])
    await install((packages) => delete packages['node_modules/a/node_modules/b'])
    expect(reasons()).toEqual(['b is missing'])
    await install((packages) => Object.assign(packages, { 'node_modules/a/node_modules/old': { version: '1.0.0' } }))
    expect(reasons()).toEqual(['old is no longer wanted'])
    await install()
    await rm(join(root, 'node_modules', 'tool', 'package.json'))
    expect(reasons()).toEqual(['tool is incomplete'])
  })

  test('an installation without development packages is complete for who needs none', async () => {
    await install((packages) => {
      delete packages['node_modules/tool']
      delete packages['node_modules/b']
    })
    expect(reasons({ ...TARGET, dev: false })).toEqual([])
    expect(reasons()).toEqual(['tool is missing', 'b is missing'])
  })

  test('an optional package that npm left out is asked for once', async () => {
    await install((packages) => delete packages['node_modules/lin'])
    const problems = findInstallProblems(root, TARGET)
    expect(problems).toEqual([{ reason: 'lin is missing', optional: true, folder: 'node_modules/lin' }])
    rememberLeftOut(root, problems)
    expect(reasons()).toEqual([])
  })
})

describe('npm', () => {
  test('the npm that runs us is used, not under the Node that it will replace', () => {
    const env = { npm_execpath: '/opt/npm/bin/npm-cli.js', npm_node_execpath: '/usr/bin/node' }
    const inside = '/checkout/node_modules/.bin/node'
    expect(npmCommand('/checkout', env, inside)).toMatchObject({ file: '/usr/bin/node', args: [env.npm_execpath] })
    expect(npmCommand('/checkout', { npm_execpath: '/opt/yarn.js' }, inside)).toMatchObject({ file: 'npm', args: [] })
  })

  test.each([
    ['npm error code ENOTFOUND', 'network'],
    ['npm error code EAI_AGAIN', 'network'],
    ['npm error code ENOSPC', 'space'],
    ['npm error code EACCES', 'may not write'],
    ['npm error code EUSAGE', 'disagree'],
    ['npm error code EINTEGRITY', 'package-lock.json'],
    ['spawn npm ENOENT', 'npm was not found'],
    ['something new', '`npm ci` ended with code 1'],
  ])('%s is explained', (output, expected) => {
    expect(explainFailure(1, output)).toContain(expected)
  })
})

/** An npm that notes each call and installs what the fixture says, after a moment. */
const FAKE_NPM = `
const fs = require('fs'), path = require('path')
fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n')
if (process.env.FAKE_FAILURE) { console.error('npm error code ' + process.env.FAKE_FAILURE); process.exit(1) }
setTimeout(() => {
  fs.mkdirSync('node_modules/.bin', { recursive: true })
  fs.mkdirSync('node_modules/a')
  fs.writeFileSync('node_modules/a/package.json', '{}')
  fs.symlinkSync(process.env.NEW_NODE, 'node_modules/.bin/node')
  fs.writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages: { 'node_modules/a': { version: '1.0.0' } } }))
}, 400)
`

describe('a fresh checkout', () => {
  beforeEach(async () => {
    for (const folder of ['bin', 'scripts']) {
      await cp(new URL(`../${folder}`, import.meta.url), join(root, folder), { recursive: true })
    }
    const packages = { '': { dependencies: { a: '1' } }, 'node_modules/a': { version: '1.0.0' } }
    await writeFile(join(root, 'package.json'), '{"type": "module"}')
    await writeFile(join(root, 'package-lock.json'), JSON.stringify({ packages }))
    await writeFile(join(root, 'npm.cjs'), FAKE_NPM)
    const module =
      'const major: string = process.version; console.log(major, process.argv.slice(2).join(), import.meta.main)'
    await writeFile(join(root, 'module.ts'), module)
  })

  async function setUp(env: Record<string, string> = {}, command: readonly string[] = oldNodeCommand(root).command) {
    const [program = '', ...before] = command
    const child = spawn(program, [...before, join(root, 'scripts', 'setup.js'), '--run', 'module.ts', 'one', 'two'], {
      env: { PATH: '/usr/bin:/bin', npm_execpath: join(root, 'npm.cjs'), NEW_NODE: process.execPath, ...env },
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
    const [code] = await once(child, 'close')
    return { code, stdout, stderr }
  }

  const calls = async () => (await readFile(join(root, 'calls'), 'utf8')).trim().split('\n')
  const READY = `${process.version} one,two true\n`

  test('is installed once, and the same command goes on with the new Node', async () => {
    const first = await setUp()
    expect(first).toMatchObject({ code: 0, stdout: READY })
    expect(first.stderr).toContain('nothing is installed yet')
    expect((await calls())[0]).toMatch(/^ci --loglevel=error --no-audit --no-fund/)
    expect(await setUp()).toEqual({ code: 0, stdout: READY, stderr: '' })
    expect(await setUp({}, [process.execPath])).toEqual({ code: 0, stdout: READY, stderr: '' })
    expect(await calls()).toHaveLength(1)
  })

  test('is installed once by two commands at the same time', async () => {
    const both = await Promise.all([setUp(), setUp()])
    expect(both.map(({ stdout }) => stdout)).toEqual([READY, READY])
    expect(await calls()).toHaveLength(1)
  })

  test('is installed though an earlier set-up was killed', async () => {
    const lock = join(root, '.setup.lock')
    await writeFile(lock, 'somebody')
    await utimes(lock, new Date(0), new Date(0))
    expect(await setUp()).toMatchObject({ code: 0, stdout: READY })
    await expect(readFile(lock)).rejects.toMatchObject({ code: 'ENOENT' })
  })

  test('says that there is no network when there is none', async () => {
    const { code, stdout, stderr } = await setUp({ FAKE_FAILURE: 'ENOTFOUND' })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('the package registry could not be reached')
    expect(stderr).toContain('npm error code ENOTFOUND')
    await expect(readFile(join(root, '.setup.lock'))).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
