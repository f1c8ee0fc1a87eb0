import { execFileSync, spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reachable, type Packages } from '../../scripts/installed-packages.js'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MODULES = 'node_modules'

export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface Manifest {
  readonly version: string
  readonly dependencies: Readonly<Record<string, string>>
  readonly bundleDependencies: readonly string[]
}

export const manifest: Manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
export const locked: Packages = JSON.parse(readFileSync(join(ROOT, 'package-lock.json'), 'utf8')).packages

/** What a person has outside of the checkout: the machine's own node and npm. */
export const PLAIN_PATH = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes(MODULES))
  .join(delimiter)

/** Runs a program to its end, with nothing of npm's that runs these tests. */
export async function run(
  [program = '', ...args]: readonly string[],
  options: { readonly cwd: string; readonly env?: Readonly<Record<string, string>>; readonly timeoutMs?: number },
): Promise<Ended> {
  const { cwd, env, timeoutMs = 30_000 } = options
  const child = spawn(program, args, {
    cwd,
    env: plain(env),
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (part: string) => (stdout += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (stderr += part))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  return { code, stdout, stderr }
}

/** As `run`, of a program that has to succeed; answers what it said. */
export async function succeed(...args: Parameters<typeof run>): Promise<string> {
  const { code, stdout, stderr } = await run(...args)
  if (code !== 0) throw new Error(`${args[0].join(' ')} ended with ${String(code)}:\n${stdout}${stderr}`)
  return stdout
}

export function plain(own: Readonly<Record<string, string>> = {}): Record<string, string> {
  const kept = Object.entries(process.env).flatMap(([name, value]) =>
    value !== undefined && !/^(?:npm_(?!config_(?:cache|registry|cafile)$)|tenon_|node_|init_cwd)/i.test(name)
      ? [[name, value] as const]
      : [],
  )
  return { ...Object.fromEntries(kept), PATH: PLAIN_PATH, ...own }
}

/**
 * The checkout as git would clone it, with what is not committed, and installed: what goes into the package as copies
 * and the rest as links, so that the checkout itself is not packed while other tests read it.
 */
export function copyCheckout(folder: string): void {
  const files = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: ROOT, encoding: 'utf8' })
  for (const path of files.split('\0')) if (path !== '' && existsSync(join(ROOT, path))) copy(folder, path)
  const bundled = Object.fromEntries(manifest.bundleDependencies.map((name) => [name, '*']))
  const target = { dev: false, platform: process.platform, arch: process.arch }
  const packages = reachable({ ...locked, '': { dependencies: bundled } }, target)
  for (const path of packages) copy(folder, path)
  for (const name of readdirSync(join(ROOT, MODULES))) {
    const names = name.startsWith('@') ? readdirSync(join(ROOT, MODULES, name)).map((part) => join(name, part)) : [name]
    for (const path of names.map((part) => join(MODULES, part))) if (!existsSync(join(folder, path))) link(folder, path)
  }
}

function copy(folder: string, path: string): void {
  cpSync(join(ROOT, path), join(folder, path), { recursive: true })
}

function link(folder: string, path: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true })
  symlinkSync(join(ROOT, path), join(folder, path))
}
