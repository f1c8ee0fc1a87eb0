import { Command } from 'commander'
import { EXIT } from '../../contract/errors.ts'
import { VERSION } from '../../contract/health.ts'
import { addAuditExport } from './audit-export.ts'
import { contextOf } from './context.ts'
import { addGraph } from './graph-command.ts'
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
  const program = new Command('tenon')
    .description('One contract behind REST, MCP and the command line.')
    .version(VERSION)
    .option('--json', 'print the answer as JSON, errors too')
    .option('--url <url>', 'address of the server')
    .option('--api-key <key>', 'API key')
    .option('--org <org>', 'slug or id of the organisation')
  const context = contextOf(program, settings, (code) => {
    exitCode = code
  })
  addOperations(program, context)
  addWatch(program, context)
  addAuditExport(program, context)
  addGraph(program, context)
  addImpact(program, context)
  for (const command of local) addLocal(program, command, context)
  prepare(program, settings)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (thrown) {
    return report(thrown, settings, argv.includes('--json'))
  }
}

/** Errors come back instead of ending the process, and everything is written where the settings say. */
function prepare(command: Command, settings: CliSettings): void {
  command
    .configureHelp({ showGlobalOptions: true })
    .exitOverride()
    .configureOutput({
      writeOut: settings.out,
      writeErr: settings.err,
      getOutHelpWidth: () => Math.min(settings.width, 100),
      getErrHelpWidth: () => Math.min(settings.width, 100),
    })
  for (const child of command.commands) prepare(child, settings)
}
