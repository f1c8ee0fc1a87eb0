import { setTimeout as sleep } from 'node:timers/promises'
import type { Command } from 'commander'
import type { Client } from '../../contract/client.ts'
import { EXIT } from '../../contract/errors.ts'
import { getRun, isEnded, type Run } from '../../contract/runs.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { render } from './render.ts'
import { CliError, type CliSettings } from './settings.ts'

/** Waits between two looks while nothing moves, in seconds. */
const WAITS_S = [1, 1, 2, 4, 8, 15, 30]
const GIVE_UP_MS = 5 * 60_000
const BAR = 24

export function addWatch(program: Command, { settings, json, client, done }: Context): void {
  const command = commandAt(program, 'runs watch')
    .summary('Follow a run to its end')
    .description('Follow a run to its end. Exits with 1 when it did not succeed.')
    .argument('<run>', 'Id of the run')
    .action(async (run: string) => {
      const ended = await watchRun(client(), run, settings)
      if (json()) settings.out(`${JSON.stringify({ data: ended })}\n`)
      else showRun(ended, settings)
      if (ended.status !== 'succeeded') done(EXIT.failed)
    })
  addExamples(command, ['tenon runs watch run_01jd2m5x8qf3v7w9y0z1a2b3c4'])
}

export function showRun(run: Run, settings: CliSettings): void {
  settings.out(render(getRun.name, { data: run }, settings))
}

/** Follows a run to its end. @throws CliError `timeout` after 5 minutes without progress, with how to go on. */
export async function watchRun(client: Client, run: string, { err, isTerminal }: CliSettings): Promise<Run> {
  let last = ''
  let moved = performance.now()
  for (let still = 0; ; still++) {
    const { data } = await client.call(getRun, { run })
    const line = progressLine(data)
    if (line !== last) {
      err(isTerminal ? `\r\u001b[K${line}` : `${line}\n`)
      last = line
      moved = performance.now()
      still = 0
    }
    if (isEnded(data.status)) {
      if (isTerminal) err('\n')
      return data
    }
    if (performance.now() - moved > GIVE_UP_MS) throw new CliError('timeout', { resume: `tenon runs watch ${run}` })
    await sleep((still === 0 ? 0.25 : (WAITS_S[Math.min(still, WAITS_S.length - 1)] ?? 30)) * 1000)
  }
}

function progressLine({ status, progress: { chunksDone, chunksTotal }, waiting }: Run): string {
  const share = chunksTotal === null || chunksTotal === 0 ? 0 : chunksDone / chunksTotal
  const done = Math.round(share * BAR)
  const note = waiting === null ? '' : `  waits for ${waiting}`
  return `${'█'.repeat(done)}${'░'.repeat(BAR - done)} ${chunksDone}/${chunksTotal ?? '?'}  ${status}${note}`
}
