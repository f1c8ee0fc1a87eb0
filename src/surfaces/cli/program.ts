import { Command, Option } from 'commander'
import { EXIT } from '../../contract/errors.ts'
import { VERSION } from '../../contract/health.ts'
import { addAuditExport } from './audit-export.ts'
import { globalsOf, modelOf } from './command-model.ts'
import { addCompletion } from './completion-command.ts'
import { contextOf, type Context } from './context.ts'
import { addGraph } from './graph-command.ts'
import { addHelp } from './help-command.ts'
import { helpText } from './help.ts'
import { addImpact } from './impact-command.ts'
import { addLocal, type LocalCommand } from './local-command.ts'
import { addOperations } from './operation-command.ts'
import { report } from './report.ts'
import type { CliSettings } from './settings.ts'
import { addWatch } from './watch-run.ts'

/** Runs one command line (without the program's own name) and answers the exit code. */
export async function runCli(
  argv: readonly string[],
  settings: CliSettings,
  local: readonly LocalCommand[],
): Promise<number> {
  let exitCode: number = EXIT.done
  const { program, context, failedAt } = buildProgram(settings, local, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync([...argv], { from: 'user' })
    context.sayVersion()
    return exitCode
  } catch (thrown) {
    const json = argv.includes('--json')
    return report(thrown, { settings, json, command: failedAt() })
  }
}

/** The whole tree of commands, of which also the reference pages and the completion are made. */
export function buildProgram(
  settings: CliSettings,
  local: readonly LocalCommand[],
  done: Context['done'] = () => {},
): { readonly program: Command; readonly context: Context; readonly failedAt: () => Command } {
  const program = new Command('tenon')
    .description(
      'Tenon indexes git repositories, and tells people and agents what is in them and what a change affects.',
    )
    .version(VERSION, '-V, --version', 'print the version of the command line')
    .helpOption('-h, --help', 'print what a command does, with examples')
    .option('--json', 'print the answer as JSON, errors too')
    .option('-q, --quiet', 'print only what was asked for: ids, no progress, no hints')
    .option('--url <url>', 'address of the server')
    .addOption(new Option('--api-key <key>', 'key to call with'))
    .option('--org <org>', 'slug or id of the organisation')
  const context = contextOf(program, settings, done)
  addOperations(program, context)
  addWatch(program, context)
  addAuditExport(program, context)
  addGraph(program, context)
  addImpact(program, context)
  for (const command of local) addLocal(program, command, context)
  addCompletion(program, context)
  addHelp(program, context)
  // Commander answers a missing command with its help as an error, and so would not say which word is unknown.
  program.allowExcessArguments().action(() => {
    if (program.args.length > 0) program.error(`error: unknown command '${program.args[0]}'`)
    if (context.json()) return program.error('error: a command is missing')
    program.outputHelp()
  })
  let failed = program
  prepare(program, settings, (command) => {
    failed = command
  })
  program.hook('preAction', (_, command) => {
    failed = command
  })
  return { program, context, failedAt: () => failed }
}

/** Errors come back instead of ending the process, and everything is written where the settings say. */
function prepare(command: Command, settings: CliSettings, failed: (command: Command) => void): void {
  command
    .configureHelp({
      formatHelp: () => {
        const root = rootOf(command)
        return helpText({ model: modelOf(command), globals: globalsOf(modelOf(root)), look: settings })
      },
    })
    .helpCommand(false)
    .exitOverride()
    .configureOutput({
      writeOut: settings.out,
      writeErr: settings.err,
      getOutHasColors: () => settings.colors,
      getErrHasColors: () => settings.colors,
      // Said by `report`, in the way of all other errors.
      outputError: () => failed(command),
    })
  for (const child of command.commands) prepare(child, settings, failed)
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent)
}
