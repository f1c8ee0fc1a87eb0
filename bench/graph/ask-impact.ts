import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Impact } from '../../src/contract/impact.ts'
import { git } from '../node.ts'
import { median } from '../statistics.ts'
import { call, summary, type Rest, type Times } from './ask-dependents.ts'
import { randomOf, sample } from './random.ts'

export interface ImpactResults extends Times {
  readonly diffs: number
  readonly filesOfEach: number
  /** Of one answer. */
  readonly median: { readonly symbols: number; readonly dependents: number; readonly tests: number }
  /** `git diff`, which writes what is asked about. */
  readonly gitDiff: Times
  readonly toGitDiff: number
}

const DIFFS = 12
/** Asked before, and not counted. */
const WARM = 2
const FILES = 20
const NOTICE_MS = 20
const SEED = 7

/** Diffs of other files each, over REST. */
export async function askImpact(
  rest: Rest,
  { source, files }: { source: string; files: readonly string[] },
): Promise<ImpactResults> {
  const random = randomOf(SEED)
  const times: number[] = []
  const diffTimes: number[] = []
  const totals: Impact['totals'][] = []
  for (let n = 0; n < WARM + DIFFS; n++) {
    for (const path of sample(files, FILES, random)) edit(join(source, path))
    const before = performance.now()
    const diff = git(source, 'diff')
    const diffMs = performance.now() - before
    git(source, 'checkout', '-q', '--', '.')
    // While this process waited for git, the server may have closed the connection: so that it is noticed.
    await sleep(NOTICE_MS)
    const began = performance.now()
    const answer = (await call(rest, '/v1/impact/bench', { repository: rest.repository, diff })) as Impact
    const ms = performance.now() - began
    if (answer.changed.files.length !== FILES) throw new Error('the diff was not taken as a whole')
    if (n < WARM) continue
    times.push(ms)
    diffTimes.push(diffMs)
    totals.push(answer.totals)
  }
  const own = summary(times)
  const gitDiff = summary(diffTimes)
  const middle = (read: (one: Impact['totals']) => number): number => median(totals.map(read))
  return {
    ...own,
    diffs: DIFFS,
    filesOfEach: FILES,
    median: {
      symbols: middle(({ symbols }) => symbols),
      dependents: middle(({ dependents }) => dependents),
      tests: middle(({ tests }) => tests),
    },
    gitDiff,
    toGitDiff: own.p50Ms / gitDiff.p50Ms,
  }
}

/** The first exported function takes one more parameter; without one, the file exports something new. */
function edit(file: string): void {
  const text = readFileSync(file, 'utf8')
  const changed = text.replace(/^(export (?:async )?function \w+\()(?=[\w{)])/m, '$1_added?: never, ')
  writeFileSync(file, changed === text ? `${text}\nexport const addedByTheBench = 1\n` : changed)
}
