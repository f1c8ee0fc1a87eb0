import type { Command } from 'commander'
import type { Client } from '../../contract/client.ts'
import { EXIT } from '../../contract/errors.ts'
import { getRun, type Run, type RunEvent } from '../../contract/runs.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { followRun, type Pause } from './follow-run.ts'
import { createProgress, type Progress } from './progress.ts'
import { logLine } from './render-runs.ts'
import { CliError, errColorsOf, type CliSettings } from './settings.ts'

export function addWatch(program: Command, context: Context): void {
  const { client, done } = context
  const command = commandAt(program, 'runs watch')
    .summary('Follow a run to its end')
    .description(
      'Follow a run to its end: how far it is, how fast it goes and what it waits for. Goes on by itself when the server is away for a while. Ends with 1 when the run did not succeed.',
    )
    .argument('<run>', 'id of the run')
    .option('--logs', 'show the lines of its log as well')
    .action(async (run: string, { logs }: { logs?: boolean }) => {
      const ended = await watchRun(client(), run, context, logs)
      context.show(getRun.name, { data: ended })
      if (ended.status !== 'succeeded') done(EXIT.failed)
    })
  const run = 'run_01jd2m5x8qf3v7w9y0z1a2b3c4'
  addExamples(command, [`tenon runs watch ${run}`, `tenon runs watch ${run} --logs`])
}

/** Shows a run until it has ended. @throws as `followRun` does */
export async function watchRun(client: Client, run: string, context: Context, logs = false): Promise<Run> {
  const { settings } = context
  const progress = context.quiet() || context.json() ? NONE : createProgress(settings)
  let last: Run | undefined
  try {
    for await (const event of followRun(client, run)) {
      if (event.type === 'run') progress.set((last = event.run))
      else if (event.type === 'pause' || logs) progress.say(lineOf(event, settings))
    }
  } finally {
    progress.end()
  }
  if (last === undefined) throw new CliError('internal')
  return last
}

/** Only the answer was asked for. */
const NONE: Progress = { set: () => {}, say: () => {}, end: () => {} }

function lineOf(event: Exclude<RunEvent, { type: 'run' }> | Pause, settings: CliSettings): string {
  if (event.type === 'log') return logLine(event.log, { ...settings, colors: errColorsOf(settings) })
  const what = event.code === 'rate_limited' ? 'Rate limit reached' : `The server is not available (${event.code})`
  return `${what}; going on in ${event.seconds} s.\n`
}
