import type { Command } from 'commander'
import type { Client } from '../../contract/client.ts'
import { EXIT } from '../../contract/errors.ts'
import { getRun, type Run, type RunEvent } from '../../contract/runs.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { followRun, type Pause } from './follow-run.ts'
import { logLine, waitingNote } from './render-runs.ts'
import { render } from './render.ts'
import { CliError, type CliSettings } from './settings.ts'
import { cut } from './text.ts'

const BAR = 24
/** To the begin of the line, and the rest of it removed. */
const REWRITE = '\r\u001b[K'

export function addWatch(program: Command, { settings, json, client, done }: Context): void {
  const command = commandAt(program, 'runs watch')
    .summary('Follow a run to its end')
    .description('Follow a run to its end. Exits with 1 when it did not succeed.')
    .argument('<run>', 'Id of the run')
    .option('--logs', 'show the lines of its log as well')
    .action(async (run: string, { logs }: { logs?: boolean }) => {
      const ended = await watchRun(client(), run, settings, logs)
      if (json()) settings.out(`${JSON.stringify({ data: ended })}\n`)
      else showRun(ended, settings)
      if (ended.status !== 'succeeded') done(EXIT.failed)
    })
  const run = 'run_01jd2m5x8qf3v7w9y0z1a2b3c4'
  addExamples(command, [`tenon runs watch ${run}`, `tenon runs watch ${run} --logs`])
}

export function showRun(run: Run, settings: CliSettings): void {
  settings.out(render(getRun.name, { data: run }, settings))
}

/** Shows a run until it has ended. @throws as `followRun` does */
export async function watchRun(client: Client, run: string, settings: CliSettings, logs = false): Promise<Run> {
  const progress = progressOn(settings)
  let last: Run | undefined
  try {
    for await (const event of followRun(client, run)) {
      if (event.type === 'run') progress.set(progressLine((last = event.run)))
      else if (event.type === 'pause' || logs) progress.say(lineOf(event, settings))
    }
  } finally {
    progress.end()
  }
  if (last === undefined) throw new CliError('internal')
  return last
}

/** A line that is rewritten as the run goes on, where there is a terminal; else a line for each change. */
function progressOn({ err, isTerminal, width }: CliSettings) {
  let line = ''
  return {
    set: (next: string): void => {
      if (next === line) return
      line = next
      err(isTerminal ? `${REWRITE}${cut(line, width - 1)}` : `${line}\n`)
    },
    /** Above the progress. */
    say: (text: string): void => err(isTerminal ? `${REWRITE}${text}${cut(line, width - 1)}` : text),
    end: (): void => {
      if (isTerminal && line !== '') err('\n')
    },
  }
}

function progressLine(run: Run): string {
  const { chunksDone, chunksTotal } = run.progress
  const share = chunksTotal === null || chunksTotal === 0 ? 0 : chunksDone / chunksTotal
  const done = Math.round(share * BAR)
  const note = waitingNote(run)
  const counts = `${chunksDone}/${chunksTotal ?? '?'}  ${run.status}${note === '' ? '' : `  ${note}`}`
  return `${'█'.repeat(done)}${'░'.repeat(BAR - done)} ${counts}`
}

function lineOf(event: Exclude<RunEvent, { type: 'run' }> | Pause, settings: CliSettings): string {
  if (event.type === 'log') return logLine(event.log, settings)
  const what = event.code === 'rate_limited' ? 'Rate limit reached' : `The server is not available (${event.code})`
  return `${what}; going on in ${event.seconds} s.\n`
}
