import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { confirm, isCancel } from '@clack/prompts'
import { EXIT } from '../contract/errors.ts'
import { httpFetch } from '../platform/http/fetch.ts'
import { runCli, type CliSettings, type LocalCommand } from '../surfaces/cli/index.ts'
import { readConfig, required, type Config } from './config.ts'
import { doctor } from './doctor.ts'
import { runLocalGit } from './local-git.ts'
import { migrateDatabase } from './node.ts'
import { demoFile, readPrivateFile } from './private-file.ts'
import { serve } from './serve.ts'
import { start } from './start.ts'
import { verifyAudit } from './verify-audit.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

/** Read when a command needs it, so that a wrong setting is reported like any other error. */
let read: Config | undefined
const config = (): Config => (read ??= readConfig())

const LOCAL: readonly LocalCommand[] = [
  {
    name: 'start',
    summary: 'Start everything in this process, with a demo on the first start',
    run: () => start(config(), say),
  },
  { name: 'serve', summary: 'Start an API process on DATABASE_URL', run: () => serve(config(), 'api', say) },
  { name: 'worker', summary: 'Start a worker process on DATABASE_URL', run: () => serve(config(), 'worker', say) },
  {
    name: 'migrate',
    summary: 'Bring DATABASE_URL to the version of this release',
    run: ({ json }) => migrateCommand(json),
  },
  {
    name: 'doctor',
    summary: 'Find what is wrong and say what to do',
    run: ({ json }) => doctor(config(), { json, say }),
  },
  {
    name: 'audit verify',
    summary: 'Check an exported audit trail, without a server',
    description:
      'Follows the hash chain of what `tenon audit export` wrote, and names the first entry that was changed, left out or added. With --head, a hash that was noted before, it also finds a trail whose end was cut off.',
    args: [{ name: 'file', description: 'exported trail, one entry per line; - is standard input' }],
    options: [
      { name: 'head', value: 'sha256', description: 'hash that the last entry has to have' },
      { name: 'org-id', value: 'id', description: 'organisation whose trail it has to be, from its first entry on' },
    ],
    examples: ['tenon audit export > audit.jsonl', 'tenon audit verify audit.jsonl'],
    run: ({ json, args, options: { head, 'org-id': org } }) =>
      verifyAudit({ file: args['file'] ?? '-', head, org, json, say }),
  },
]

async function migrateCommand(json: boolean): Promise<number> {
  const { databaseUrl, migrationDatabaseUrl } = config()
  const { DATABASE_URL } = required({ DATABASE_URL: migrationDatabaseUrl ?? databaseUrl })
  const applied = await migrateDatabase(DATABASE_URL)
  say(
    json
      ? JSON.stringify({ data: { applied } })
      : applied.length === 0
        ? 'Nothing to do.'
        : applied.map((name) => `applied ${name}`).join('\n'),
  )
  return EXIT.done
}

/** The environment first, then what the first start left in the data folder. */
function settingsOf({ client, dataDir, host, port, noColor, logLevel }: Config): CliSettings {
  const demo = readPrivateFile(join(dataDir, 'demo.json'), demoFile)
  const isTerminal = process.stdout.isTTY && process.stdin.isTTY
  return {
    url: client.url ?? demo?.url ?? `http://${host}:${port}`,
    apiKey: client.apiKey,
    org: client.org,
    demo,
    fetch: httpFetch,
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    isTerminal,
    colors: process.stdout.isTTY && !noColor,
    debug: logLevel === 'debug',
    width: process.stdout.columns ?? Number.POSITIVE_INFINITY,
    input: async () => (await buffer(process.stdin)).toString(),
    readFile: (path) => readFile(path, 'utf8'),
    writeFile: (path, text) => writeFile(path, text),
    git: runLocalGit,
    confirm: async (message) => {
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
process.exitCode = await runCli(process.argv.slice(2), lenientSettings(), LOCAL)
