/** The import graph of one commit, beside dependency-cruiser on a checkout of it in the same run. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { median } from '../statistics.ts'
import { cruise, linkPackages, openCruiser, REFERENCE, tsConfigOf, type Cruised } from './dependency-cruiser.ts'
import { compareEdges, type Comparison } from './differences.ts'
import type { GraphAnswer, GraphRequest } from './graph-process.ts'
import { readCommit, writeCheckout, type BenchRepository } from './repository.ts'

export interface ImportGraphResults {
  /** Medians of rounds, each a process of its own in which nothing is warm. */
  readonly tenon: {
    /** Of texts in memory: parsing all, then reading configuration and resolving all imports. */
    readonly graphMs: number
    readonly extractMs: number
    readonly resolveMs: number
    /** Reading the commit from git, which is no part of `graphMs`. */
    readonly gitMs: number
    /** The whole process, from its start until it has ended: with Node's start, git and the hand-over of the edges. */
    readonly processMs: number
    readonly peakMB: number
    readonly imports: number
  }
  readonly reference: {
    readonly name: string
    /** The whole process: it reads the files itself. */
    readonly processMs: number
    readonly peakMB: number | null
    readonly modules: number
    readonly tsConfig: string | null
    readonly links: number
  } | null
  /** Why there is no reference. */
  readonly absent: string | null
  readonly ratios: { readonly graph: number; readonly process: number } | null
  readonly comparison: Comparison | null
}

const PROGRAM = fileURLToPath(new URL('graph-process.ts', import.meta.url))
const ROUNDS = 3
const LIMIT_MS = 300_000

export async function benchImportGraph(
  repository: BenchRepository,
  folder: string,
  signal: AbortSignal,
): Promise<ImportGraphResults> {
  const files = await readCommit(repository, join(folder, 'git'))
  const checkout = join(folder, 'checkout')
  writeCheckout(files, checkout)
  const paths = [...files.keys()]
  const { program, absent } = cruiser()
  const links = linkPackages(checkout, paths)
  const tsConfig = tsConfigOf(paths)
  const ours: Timed[] = []
  const theirs: Cruised[] = []
  // By turns, so that a burst of other load meets both.
  for (let round = 0; round < ROUNDS; round++) {
    ours.push(await inProcess({ repository, scratch: join(folder, 'git') }, signal))
    if (program !== null)
      theirs.push(await cruise(program, { checkout, tsConfig, output: join(folder, 'cruised.json') }, signal))
  }
  const tenon = tenonOf(ours)
  const [cruised] = theirs
  if (cruised === undefined) return { tenon, absent, reference: null, ratios: null, comparison: null }
  const processMs = median(theirs.map(({ ms }) => ms))
  const packages = packageNames(files)
  return {
    tenon,
    absent,
    reference: {
      name: REFERENCE,
      processMs,
      peakMB: cruised.peakMB,
      modules: cruised.modules.length,
      tsConfig,
      links,
    },
    ratios: { graph: processMs / tenon.graphMs, process: processMs / tenon.processMs },
    comparison: compareEdges(ours[0]?.imports ?? [], cruised.modules, packages),
  }
}

function cruiser(): { program: string | null; absent: string | null } {
  try {
    return { program: openCruiser(console.log), absent: null }
  } catch (error) {
    return { program: null, absent: error instanceof Error ? error.message : String(error) }
  }
}

type Timed = GraphAnswer & { readonly processMs: number }

async function inProcess(request: GraphRequest, signal: AbortSignal): Promise<Timed> {
  const limit = AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)])
  const began = performance.now()
  const child = fork(PROGRAM, { signal: limit, execArgv: [] })
  const ended = once(child, 'exit')
  try {
    child.send(request)
    const [first] = (await Promise.race([once(child, 'message'), ended.then(([code]) => [code])])) as [unknown]
    if (typeof first !== 'object' || first === null) throw new Error(`the graph ended early with ${String(first)}`)
    await ended
    return { ...(first as GraphAnswer), processMs: performance.now() - began }
  } finally {
    child.kill('SIGKILL')
    await ended.catch(() => {})
  }
}

function tenonOf(rounds: readonly Timed[]): ImportGraphResults['tenon'] {
  const middle = (read: (one: Timed) => number): number => median(rounds.map(read))
  return {
    graphMs: middle(({ extractMs, resolveMs }) => extractMs + resolveMs),
    extractMs: middle(({ extractMs }) => extractMs),
    resolveMs: middle(({ resolveMs }) => resolveMs),
    gitMs: middle(({ gitMs }) => gitMs),
    processMs: middle(({ processMs }) => processMs),
    peakMB: middle(({ peakRssMB }) => peakRssMB),
    imports: rounds[0]?.imports.length ?? 0,
  }
}

function packageNames(files: ReadonlyMap<string, Buffer>): Set<string> {
  const names = new Set<string>()
  for (const [path, content] of files) {
    if (!/(?:^|\/)package\.json$/.test(path)) continue
    try {
      const { name } = JSON.parse(content.toString('utf8')) as { name?: unknown }
      if (typeof name === 'string') names.add(name)
    } catch {
      // No package then.
    }
  }
  return names
}
