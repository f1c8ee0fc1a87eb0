import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { httpFetch } from '../platform/http/fetch.ts'
import { runCli, type CliSettings } from '../surfaces/cli/index.ts'
import { traceCommand } from './cli-trace.ts'
import { INSTALLATION_KIND, readConfig, type Config } from './config.ts'
import { localCommands } from './local-commands.ts'
import { runLocalGit } from './local-git.ts'
import { demoFile, readPrivateFile } from './private-file.ts'
import { liveWidthOf, wantsColors } from './terminal.ts'
import { documentedVariables } from './variables.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Read when a command needs it, so that a wrong setting is reported like any other error. */
let read: Config | undefined
const config = (): Config => (read ??= readConfig())

/** The environment first, then what the first start left in the data folder. */
function settingsOf({ client, rootKey, dataDir, host, port, terminal, logLevel }: Config): CliSettings {
  const demo = readPrivateFile(join(dataDir, 'demo.json'), demoFile)
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY
  return {
    url: client.url ?? demo?.url ?? `http://${host}:${port}`,
    apiKey: client.apiKey,
    org: client.org,
    rootKey,
    demo,
    installation: INSTALLATION_KIND,
    fetch: httpFetch,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal,
    liveWidth: liveWidthOf(terminal, process.stderr),
    colors: wantsColors(terminal, process.stdout.isTTY),
    errColors: wantsColors(terminal, process.stderr.isTTY),
    debug: logLevel === 'debug',
    width: process.stdout.columns ?? Number.POSITIVE_INFINITY,
    variables: documentedVariables(),
    input: async () => (await buffer(process.stdin)).toString(),
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, text) => writeFile(path, text),
    git: runLocalGit,
    confirm: async (message) => {
      const { confirm, isCancel } = await import('@clack/prompts')
      const answer = await confirm({ message, initialValue: false })
      return !isCancel(answer) && answer
    },
  }
}

/** With a wrong setting there are no settings: help is shown all the same, and the command that needs them says which. */
function lenientSettings(): CliSettings {
  try {
    return settingsOf(config())
  } catch (invalid) {
    return { ...settingsOf(readConfig({})), invalid }
  }
}

// Whoever reads the output may stop reading, as `head` does.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})
const argv = process.argv.slice(2)
const settings = lenientSettings()
const traces = settings.invalid === undefined ? config().traces : null
process.exitCode = await traceCommand(argv, { settings, traces }, (traced) =>
  runCli(argv, traced, localCommands({ config, say })),
)
