import type { Command } from 'commander'
import { EXIT } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { isAbsent, takesIdempotencyKey, type CliSurface, type Operation } from '../../contract/operation.ts'
import { getRun, type Run } from '../../contract/runs.ts'
import type { Client } from '../../contract/client.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { idempotencyKeyOption, inputSchemaOf, nullOptionOf, optionOf, withOptionNames } from './field-option.ts'
import { OF_FOLDER, repositoryHere } from './folder.ts'
import { readJson } from './local-file.ts'
import { CliError, type CliSettings } from './settings.ts'
import { watchRun } from './watch-run.ts'

interface Offered {
  readonly operation: Operation
  readonly cli: CliSurface
}
/** One command: an operation, and those that a flag turns it into. */
interface Offer extends Offered {
  readonly flagged: readonly (Offered & { readonly flag: NonNullable<CliSurface['flag']> })[]
}
type Input = Readonly<Record<string, unknown>>
/** How to go about a call. */
interface Manner {
  readonly wait?: boolean
  readonly yes?: boolean
  readonly idempotencyKey?: string
}

/** A command for every operation that names one. */
export function addOperations(program: Command, context: Context): void {
  for (const offer of offers()) {
    const command = commandAt(program, offer.cli.command)
    declare(command, offer)
    command.action(async (...given: unknown[]) => {
      const { wait, yes, idempotencyKey, ...options } = command.opts()
      const { chosen, input } = choose(command, offer, options, given)
      await perform(chosen, input, { wait, yes, idempotencyKey }, context)
    })
  }
}

function offers(): Offer[] {
  const offered = OPERATIONS.flatMap((operation): Offered[] => {
    const { cli } = operation.surfaces
    return isAbsent(cli) ? [] : [{ operation, cli }]
  })
  const flagged = offered.flatMap((one) => (one.cli.flag === undefined ? [] : [{ ...one, flag: one.cli.flag }]))
  return offered
    .filter(({ cli }) => cli.flag === undefined)
    .map((main) => ({ ...main, flagged: flagged.filter(({ cli }) => cli.command === main.cli.command) }))
}

function declare(command: Command, offer: Offer): void {
  const { operation, cli, flagged } = offer
  const told = cli.description ?? operation.description
  const { properties, required } = inputSchemaOf(operation)
  const args = cli.args ?? []
  const names = Object.keys(properties).filter((name) => !args.includes(name))
  command.summary(operation.summary).description(`${operation.summary}. ${withOptionNames(told, names)}`)
  for (const arg of args) {
    // Where a flag may stand in its place, `choose` sees to it.
    const needed = required.includes(arg) && flagged.length === 0
    const description = withOptionNames(properties[arg]?.description ?? '', names)
    const text = arg === cli.file ? `${description}: path of a JSON file; \`-\` is the standard input` : description
    const name = arg === cli.file ? 'file' : arg
    command.argument(needed ? `<${name}>` : `[${name}]`, text)
  }
  for (const [name, schema] of Object.entries(properties)) {
    if (name === 'org' || args.includes(name)) continue
    const option = optionOf(name, schema, required.includes(name) && !isOfFolder(name, operation, cli))
    if (isOfFolder(name, operation, cli)) option.description += OF_FOLDER
    if (name === 'cursor') option.description = 'Go on after a page, with what stands at its end'
    if (name === cli.secret) option.description += '; `-` reads it from the standard input'
    option.description = withOptionNames(option.description, names)
    command.addOption(option)
    const none = nullOptionOf(name, schema)
    if (none !== null) command.addOption(none)
  }
  for (const { flag } of flagged) command.option(`--${flag.name}`, flag.description)
  const all = [offer, ...flagged]
  if (all.some((one) => startsRun(one.operation)))
    command.option('--wait', 'follow the run to its end, and fail when it does')
  if (all.some((one) => one.operation.destructive)) command.option('-y, --yes', 'do not ask')
  if (all.some((one) => takesIdempotencyKey(one.operation))) command.addOption(idempotencyKeyOption())
  const examples = all.flatMap((one) => one.cli.examples)
  addExamples(command, examples)
}

/** What the command line means: a flag stands in the place of the arguments that say what to work on. */
function choose(
  command: Command,
  offer: Offer,
  options: Input,
  given: readonly unknown[],
): { chosen: Offered; input: Input } {
  const args = offer.cli.args ?? []
  const isGiven = (_: string, i: number): boolean => given[i] !== undefined
  const chosen = offer.flagged.find(({ flag }) => options[flag.name] === true)
  if (chosen !== undefined) {
    if (args.some(isGiven))
      command.error(`error: option '--${chosen.flag.name}' stands in place of '${args.join(' ')}'`)
    return { chosen, input: {} }
  }
  if (offer.flagged.length > 0 && !args.every(isGiven)) {
    const flags = offer.flagged.map(({ flag }) => `'--${flag.name}'`)
    command.error(`error: missing required argument '${args.join(' ')}' or option ${flags.join(' or ')}`)
  }
  return {
    chosen: offer,
    input: { ...withNulls(offer, options), ...Object.fromEntries(args.map((arg, i) => [arg, given[i]])) },
  }
}

/** What `--no-…` of a field gives. */
function withNulls({ operation }: Offer, options: Input): Input {
  const { properties } = inputSchemaOf(operation)
  return Object.fromEntries(
    Object.entries(options).map(([name, value]) => [
      name,
      value === false && nullOptionOf(name, properties[name] ?? {}) !== null ? null : value,
    ]),
  )
}

async function perform(
  { operation, cli }: Offered,
  input: Input,
  { wait, yes, idempotencyKey }: Manner,
  context: Context,
): Promise<void> {
  const { settings } = context
  if (operation.destructive && yes !== true) {
    const what = (cli.args ?? Object.keys(input)).map((field) => String(input[field])).join(', ')
    await askFirst(`${operation.summary}${what === '' ? '' : `: ${what}`}?`, settings)
  }
  const client = clientFor(operation, context)
  const whole = await withRepository(await withFile(await withSecret(input, cli, settings), cli, settings), {
    operation,
    cli,
    context,
    client,
  })
  let envelope = await client.call(operation, whole, { idempotencyKey })
  if (startsRun(operation) && wait === true) {
    // The answer is the run, or has it beside what the run works on.
    const started = envelope.data as Run | { readonly run: Run }
    const ended = await watchRun(client, 'run' in started ? started.run.id : started.id, context)
    if (ended.status !== 'succeeded') context.done(EXIT.failed)
    if (!context.json()) return context.show(getRun.name, { data: ended })
    envelope = { ...envelope, data: 'run' in started ? { ...started, run: ended } : ended }
  }
  context.show(operation.name, envelope)
  if (hasFailed(envelope.data, cli)) context.done(EXIT.failed)
}

function clientFor({ auth }: Operation, context: Context): Client {
  if (auth === 'root') return context.rootClient()
  return auth === 'public' ? context.publicClient() : context.client()
}

function hasFailed(data: unknown, { failsOn }: CliSurface): boolean {
  return (
    failsOn !== undefined &&
    typeof data === 'object' &&
    data !== null &&
    Object.entries(data).some(([field, value]) => field === failsOn.field && value === failsOn.value)
  )
}

/** A hyphen stands for what the standard input has. */
async function withSecret(input: Input, { secret }: CliSurface, settings: CliSettings): Promise<Input> {
  if (secret === undefined || input[secret] !== '-') return input
  return { ...input, [secret]: (await settings.input()).trim() }
}

async function withFile(input: Input, { file }: CliSurface, settings: CliSettings): Promise<Input> {
  const path = file === undefined ? undefined : input[file]
  if (file === undefined || typeof path !== 'string') return input
  return { ...input, [file]: await readJson(path, settings) }
}

/** Where the repository is an option, it can be that of the current folder. */
async function withRepository(
  input: Input,
  { operation, cli, context, client }: Offered & { readonly context: Context; readonly client: Client },
): Promise<Input> {
  if (input['repository'] !== undefined || !isOfFolder('repository', operation, cli)) return input
  return { ...input, repository: await repositoryHere(client, context) }
}

function isOfFolder(field: string, operation: Operation, { args = [] }: CliSurface): boolean {
  return field === 'repository' && !args.includes(field) && inputSchemaOf(operation).required.includes(field)
}

function startsRun({ status, auth }: Operation): boolean {
  return status === 202 && auth === 'key'
}

async function askFirst(question: string, { isTerminal, confirm }: CliSettings): Promise<void> {
  if (!isTerminal) throw new CliError('usage', { reason: 'This can not be undone: add --yes' })
  if (!(await confirm(question))) throw new CliError('cancelled')
}
