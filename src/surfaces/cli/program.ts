import { Command, CommanderError, Option } from 'commander'
import { z } from 'zod'
import { ApiError, createClient, type Client } from '../../contract/client.ts'
import { ERRORS, EXIT, type ErrorCode, type ErrorDetails } from '../../contract/errors.ts'
import { VERSION } from '../../contract/health.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { isAbsent, PARTS, type CliSurface, type Operation } from '../../contract/operation.ts'
import { getRun, type Run } from '../../contract/runs.ts'
import { render } from './render.ts'
import { accessOf, CliError, type CliSettings, type Given } from './settings.ts'
import { styleOf } from './text.ts'
import { watchRun } from './watch-run.ts'

/** A command that is no operation of the contract; answers its exit code. */
export interface LocalCommand {
  readonly name: string
  readonly summary: string
  readonly run: (options: { readonly json: boolean }) => Promise<number>
}

const GROUPS: Readonly<Record<string, string>> = {
  repos: 'Git repositories and their index',
  runs: 'Background runs',
  'api-keys': 'API keys of the organisation',
}

/** Runs one command line (without the program's own name) and answers the exit code. */
export async function runCli(
  argv: readonly string[],
  settings: CliSettings,
  local: readonly LocalCommand[],
): Promise<number> {
  let exitCode: number = EXIT.done
  const json = argv.includes('--json')
  const program = new Command('tenon')
    .description('One contract behind REST, MCP and the command line.')
    .version(VERSION)
    .option('--json', 'print the answer as JSON, errors too')
    .option('--url <url>', 'address of the server')
    .option('--api-key <key>', 'API key')
    .option('--org <org>', 'slug or id of the organisation')
  const done = (code: number): void => {
    exitCode = code
  }
  for (const operation of OPERATIONS) {
    const { cli } = operation.surfaces
    if (!isAbsent(cli)) addOperation(program, { operation, cli, settings, done })
  }
  addWatch(program, settings, done)
  for (const { name, summary, run } of local) {
    program
      .command(name)
      .summary(summary)
      .description(summary)
      .action(async () => done(await run({ json: program.opts()['json'] === true })))
  }
  prepare(program, settings)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (thrown) {
    return report(thrown, settings, json)
  }
}

interface Added {
  readonly operation: Operation
  readonly cli: CliSurface
  readonly settings: CliSettings
  readonly done: (code: number) => void
}

function addOperation(program: Command, { operation, cli, settings, done }: Added): void {
  const command = commandAt(program, cli.command)
    .summary(operation.summary)
    .description(`${operation.summary}. ${operation.description}`)
  const { properties = {}, required = [] } = z.toJSONSchema(
    z.strictObject(Object.assign({}, ...PARTS.map((part) => operation[part].shape))),
    {
      io: 'input',
      unrepresentable: 'any',
    },
  ) as { properties?: Record<string, FieldSchema>; required?: string[] }
  const args = cli.args ?? []
  for (const arg of args)
    command.argument(required.includes(arg) ? `<${arg}>` : `[${arg}]`, properties[arg]?.description)
  for (const [name, schema] of Object.entries(properties)) {
    if (name !== 'org' && !args.includes(name)) command.addOption(optionOf(name, schema, required.includes(name)))
  }
  const startsRun = operation.status === 202
  if (startsRun) command.option('--wait', 'follow the run to its end')
  if (operation.destructive) command.option('--yes', 'do not ask')
  command.addHelpText('after', `\nExamples:\n${cli.examples.map((example) => `  ${example}`).join('\n')}`)
  command.action(async (...given: unknown[]) => {
    const { json, wait, yes, url: _u, apiKey: _k, org: _o, ...options } = command.optsWithGlobals()
    const input = { ...options, ...Object.fromEntries(args.map((arg, i) => [arg, given[i]])) }
    if (operation.destructive && yes !== true) await askFirst(operation, String(given[0]), settings)
    const client = clientOf(program, settings)
    let envelope = await client.call(operation, input)
    if (startsRun && wait === true) {
      const { run } = envelope.data as { run: Run }
      const ended = await watchRun(client, run.id, settings)
      envelope = { ...envelope, data: { ...(envelope.data as object), run: ended } }
      if (json !== true) settings.out(render(getRun.name, { data: ended }, settings))
      if (ended.status !== 'succeeded') done(EXIT.failed)
      if (json !== true) return
    }
    settings.out(json === true ? `${JSON.stringify(envelope)}\n` : render(operation.name, envelope, settings))
  })
}

function addWatch(program: Command, settings: CliSettings, done: (code: number) => void): void {
  commandAt(program, 'runs watch')
    .summary('Follow a run to its end')
    .description('Follow a run to its end. Exits with 1 when it did not succeed.')
    .argument('<run>', 'Id of the run')
    .addHelpText('after', '\nExamples:\n  tenon runs watch run_01jd2m5x8qf3v7w9y0z1a2b3c4')
    .action(async (run: string) => {
      const ended = await watchRun(clientOf(program, settings), run, settings)
      settings.out(
        program.opts()['json'] === true
          ? `${JSON.stringify({ data: ended })}\n`
          : render(getRun.name, { data: ended }, settings),
      )
      if (ended.status !== 'succeeded') done(EXIT.failed)
    })
}

interface FieldSchema {
  readonly type?: string
  readonly description?: string
  readonly enum?: readonly string[]
  readonly items?: { readonly enum?: readonly string[] }
  readonly default?: unknown
}

function optionOf(name: string, schema: FieldSchema, required: boolean): Option {
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
  const option = new Option(
    schema.type === 'boolean' ? flag : `${flag} <${schema.type === 'integer' ? 'number' : 'value'}>`,
    schema.description,
  )
  if (schema.enum) option.choices([...schema.enum])
  if (schema.type === 'integer') option.argParser((text) => (/^-?\d+$/.test(text) ? Number(text) : text))
  if (schema.type === 'array')
    option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
  if (schema.default !== undefined)
    option.helpGroup('Options:').description += ` (default: ${JSON.stringify(schema.default)})`
  return option.makeOptionMandatory(required)
}

/** The command at these words; groups on the way are made once. */
function commandAt(program: Command, words: string): Command {
  return words.split(' ').reduce((parent, word) => {
    const present = parent.commands.find((command) => command.name() === word)
    if (present !== undefined) return present
    const made = parent.command(word)
    const group = GROUPS[word]
    if (group !== undefined && parent === program) made.summary(group).description(group)
    return made
  }, program)
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

function clientOf(program: Command, settings: CliSettings): Client {
  const access = accessOf(settings, program.opts<Given>())
  const client = createClient({ ...access, fetch: settings.fetch })
  return access.org === undefined ? withOwnOrg(client) : client
}

/** Without an organisation named, the key's own: the server says which. */
function withOwnOrg(client: Client): Client {
  return {
    call: async (operation, input, options) => {
      if (!('org' in operation.params.shape)) return client.call(operation, input, options)
      const { getMe } = await import('../../contract/identity.ts')
      const { data } = await client.call(getMe, {})
      return client.call(operation, { ...input, org: data.org.id }, options)
    },
  }
}

async function askFirst(operation: Operation, what: string, { isTerminal, confirm }: CliSettings): Promise<void> {
  if (!isTerminal) throw new CliError('usage', { reason: 'this can not be undone: add --yes' })
  if (!(await confirm(`${operation.summary}: ${what}?`))) throw new CliError('cancelled')
}

function report(thrown: unknown, settings: CliSettings, json: boolean): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.done
    // For people, commander has said it already.
    return json ? report(new CliError('usage', usageDetails(thrown)), settings, json) : EXIT.usage
  }
  const known = thrown instanceof ApiError || thrown instanceof CliError || isCoded(thrown)
  const code: ErrorCode = known ? (thrown as { code: ErrorCode }).code : 'internal'
  const details = known ? (thrown as { details?: ErrorDetails }).details : undefined
  const requestId = thrown instanceof ApiError ? thrown.requestId : undefined
  const { message, recovery, exitCode } = ERRORS[code]
  if (json) {
    settings.out(
      `${JSON.stringify({ error: { code, message, ...(details ? { details } : {}), requestId: requestId ?? '' } })}\n`,
    )
    return exitCode
  }
  const style = styleOf(settings.colors)
  settings.err(`${style('red', 'error')} ${message} ${style('dim', `(${code})`)}\n`)
  for (const line of detailLines(details)) settings.err(`  ${line}\n`)
  settings.err(`  → ${recovery}\n`)
  if (requestId !== undefined) settings.err(`  ${style('dim', `request ${requestId}`)}\n`)
  return exitCode
}

function usageDetails({ code, message }: CommanderError): ErrorDetails {
  const text = code === 'commander.help' ? 'a command is missing' : message.replace(/^error: /, '')
  return { issues: [{ path: '', message: text }] }
}

/** An error with a code of the table, from whichever layer a local command met it in. */
function isCoded(thrown: unknown): boolean {
  return (
    typeof thrown === 'object' &&
    thrown !== null &&
    'code' in thrown &&
    typeof thrown.code === 'string' &&
    Object.hasOwn(ERRORS, thrown.code)
  )
}

function detailLines(details: ErrorDetails | undefined): string[] {
  return Object.entries(details ?? {}).flatMap(([name, value]) =>
    name === 'issues' && Array.isArray(value)
      ? value.map((issue: unknown) => {
          const { path, message } = issue as { path: string; message: string }
          return path === '' ? message : `${path}: ${message}`
        })
      : [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`],
  )
}
