/**
 * The reference: dependency-cruiser, kept with the TypeScript that it needs in a folder beside the corpora of the search
 * bench. With TypeScript 7, which has no programming interface, it would see no module and report success.
 */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { dialectOf } from '../../src/pipelines/code/graph/facts.ts'
import { corpusFolder } from '../search/corpus.ts'
import { memoryPeak } from '../search/memory-peak.ts'

const VERSIONS = { 'dependency-cruiser': '18.7.2', typescript: '6.0.3' } as const
const INSTALL_MS = 180_000
const RUN_MS = 600_000
const INSTALLED = /(?:^|\/)node_modules\//

export const REFERENCE = `dependency-cruiser ${VERSIONS['dependency-cruiser']}, typescript ${VERSIONS.typescript}`

export interface Cruised {
  readonly ms: number
  readonly peakMB: number | null
  readonly modules: readonly CruisedModule[]
}

export interface CruisedModule {
  readonly source: string
  readonly dependencies: readonly {
    /** As it is written. */
    readonly module: string
    readonly resolved: string
    readonly couldNotResolve: boolean
    readonly coreModule: boolean
  }[]
}

/** Its program, which is installed first when the folder does not have it. @throws without a network */
export function openCruiser(say: (text: string) => void): string {
  const folder = join(corpusFolder(), Object.entries(VERSIONS).flat().join('-'))
  if (!existsSync(folder)) install(folder, say)
  return join(folder, 'node_modules', 'dependency-cruiser', 'bin', 'dependency-cruiser.mjs')
}

function install(folder: string, say: (text: string) => void): void {
  say(`installing ${REFERENCE}`)
  mkdirSync(dirname(folder), { recursive: true })
  const unfinished = mkdtempSync(`${folder}-unfinished-`)
  try {
    writeFileSync(join(unfinished, 'package.json'), JSON.stringify({ private: true, dependencies: VERSIONS }))
    const windows = process.platform === 'win32'
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--silent']
    const options = { cwd: unfinished, timeout: INSTALL_MS, shell: windows }
    const { status } = spawnSync(windows ? 'npm.cmd' : 'npm', args, options)
    if (status !== 0) throw new Error(`${REFERENCE} can not be installed: npm ended with ${status}`)
    renameSync(unfinished, folder)
  } finally {
    rmSync(unfinished, { recursive: true, force: true })
  }
}

/** Links the packages of a checkout as an install would, by their names. Answers how many. */
export function linkPackages(checkout: string, paths: readonly string[]): number {
  let links = 0
  for (const path of paths) {
    if (!path.endsWith('/package.json') || INSTALLED.test(path)) continue
    const name = nameIn(join(checkout, path))
    if (name === null) continue
    const link = join(checkout, 'node_modules', name)
    if (existsSync(link)) continue
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(resolve(checkout, dirname(path)), link, 'junction')
    links++
  }
  return links
}

const NAME = /^(?:@[\w.-]+\/)?[\w-][\w.-]*$/

function nameIn(file: string): string | null {
  try {
    const { name } = JSON.parse(readFileSync(file, 'utf8')) as { name?: unknown }
    return typeof name === 'string' && NAME.test(name) ? name : null
  } catch {
    return null
  }
}

/** It takes one: that at the root, or else the one with the most code below it. */
export function tsConfigOf(paths: readonly string[]): string | null {
  const configs = paths.filter((path) => /(?:^|\/)tsconfig\.json$/.test(path) && !INSTALLED.test(path))
  const code = paths.filter((path) => dialectOf(path) !== null)
  const below = (config: string): number => code.filter((path) => path.startsWith(config.slice(0, -13))).length
  return configs.toSorted((a, b) => below(b) - below(a) || a.length - b.length)[0] ?? null
}

/** @throws when it saw nothing */
export async function cruise(
  program: string,
  { checkout, tsConfig, output }: { checkout: string; tsConfig: string | null; output: string },
  signal: AbortSignal,
): Promise<Cruised> {
  const config = tsConfig === null ? [] : ['--ts-config', tsConfig]
  const options = ['--no-config', '-T', 'json', '-f', output, '--ts-pre-compilation-deps', ...config]
  const limit = AbortSignal.any([signal, AbortSignal.timeout(RUN_MS)])
  const began = performance.now()
  const args = [program, ...options, '--exclude', '(^|/)node_modules/', '.']
  const child = spawn(process.execPath, args, { cwd: checkout, stdio: ['ignore', 'ignore', 'inherit'], signal: limit })
  const memory = memoryPeak([child.pid ?? 0])
  try {
    const [code] = (await once(child, 'exit')) as [number | null]
    const ms = performance.now() - began
    if (code !== 0) throw new Error(`dependency-cruiser ended with ${code}`)
    const { modules } = JSON.parse(readFileSync(output, 'utf8')) as { modules: CruisedModule[] }
    if (!modules.some(({ source, dependencies }) => /\.[mc]?[jt]sx?$/.test(source) && dependencies.length > 0))
      throw new Error('dependency-cruiser saw no import')
    return { ms, peakMB: memory.peakMB(), modules }
  } finally {
    memory.stop()
  }
}
