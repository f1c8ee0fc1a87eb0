import { CommanderError, type Command } from 'commander'
import { ApiError } from '../../contract/client.ts'
import { ERRORS, EXIT, type ErrorCode, type ErrorDetails, type JsonValue } from '../../contract/errors.ts'
import { commandsBelow, modelOf } from './command-model.ts'
import { pathOf } from './command-tree.ts'
import { nearest } from './nearest.ts'
import { limitName } from './render-limits.ts'
import { CliError, errColorsOf, liveWidthOf, type CliSettings } from './settings.ts'
import { plain, span, styleOf, wrapCode } from './text.ts'

export interface ReportTo {
  readonly settings: CliSettings
  /** `--json` was given. */
  readonly json: boolean
  /** The one that was used in a wrong way. */
  readonly command: Command
}

/** Says why a command failed and answers its exit code: to people on stderr, to programs as an envelope on stdout. */
export function report(thrown: unknown, { settings, json, command }: ReportTo): number {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT.done
    // A group without a command has printed its help.
    if (thrown.code === 'commander.help' && !json) return EXIT.usage
    const error = new CliError('usage', usageDetails(thrown, command))
    return report(error, { settings, json, command })
  }
  const known = thrown instanceof ApiError || thrown instanceof CliError || isCoded(thrown)
  const code: ErrorCode = known ? (thrown as { code: ErrorCode }).code : 'internal'
  const details = known ? (thrown as { details?: ErrorDetails }).details : undefined
  const { requestId, retryAfterSeconds } = thrown instanceof ApiError ? thrown : {}
  const { message, recovery, exitCode } = ERRORS[code]
  if (json) {
    settings.out(
      `${JSON.stringify({ error: { code, message, ...(details ? { details } : {}), requestId: requestId ?? '' } })}\n`,
    )
    return exitCode
  }
  const page = pageFor(settings)
  const wrong = wrongUse(code, details)
  page.headline(wrong ?? message, code)
  const told = {
    ...(wrong === null ? details : { ...details, issues: [], reason: [] }),
    ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    ...(code === 'not_found' ? askedFor(command) : {}),
    ...(code === 'client_outdated' ? { upgrade: [] } : {}),
  }
  for (const [name, value] of Object.entries(told))
    for (const line of detailLines(name, value, command)) page.item(plain(line))
  page.item(`→ ${nextStep(code, recovery, { settings, details, command })}`)
  if (!known && settings.debug === true && thrown instanceof Error) settings.err(`${thrown.stack ?? ''}\n`)
  if (requestId !== undefined) page.dim(`request ${requestId}`)
  return exitCode
}

interface ErrorPage {
  readonly headline: (text: string, code: ErrorCode) => void
  readonly item: (text: string) => void
  readonly dim: (text: string) => void
}

/** Fits the terminal; what goes on in a further line stands below the text. */
function pageFor(settings: CliSettings): ErrorPage {
  const colors = errColorsOf(settings)
  const style = styleOf(colors)
  const width = liveWidthOf(settings) ?? Number.POSITIVE_INFINITY
  const write = (first: string, rest: string, text: string): void =>
    wrapCode(text, width - rest.length, colors).forEach((line, i) =>
      settings.err(`${i === 0 ? first : rest}${line.replace(MARKED_CODE, (code) => style('dim', code))}\n`),
    )
  return {
    headline: (text, code) => write(`${style('red', 'error')} `, ' '.repeat(6), `${plain(text)} (${code})`),
    item: (text) => write('  ', ' '.repeat(4), text),
    dim: (text) => settings.err(`  ${style('dim', text)}\n`),
  }
}

const MARKED_CODE = /\([a-z_]+\)$/

/** What may be looked up, and where. */
const LISTS: Readonly<Record<string, string>> = {
  repository: 'repos list',
  project: 'projects list',
  run: 'runs list',
  schedule: 'schedules list',
  key: 'api-keys list',
  member: 'members list',
  invitation: 'invitations list',
  finding: 'findings',
  event: 'webhooks list',
}

interface Failed {
  readonly settings: CliSettings
  readonly details: ErrorDetails | undefined
  readonly command: Command
}

/** What a person at a terminal does next, where that is another thing than what a program would do. */
function nextStep(code: ErrorCode, recovery: string, { settings, details, command }: Failed): string {
  switch (code) {
    case 'usage':
    case 'validation_failed':
      return `See \`${pathOf(command).join(' ')} --help\`.`
    case 'forbidden':
      return details?.['needs'] === 'session'
        ? 'Sign in and give the session in TENON_API_KEY: a key is no person.'
        : recovery
    case 'config_invalid':
      return 'Correct these environment variables: `tenon help environment` says what they are for.'
    case 'not_found': {
      const list = Object.keys(askedFor(command)).flatMap((name) => LISTS[name] ?? [])[0]
      return list === undefined ? recovery : `${recovery} \`tenon ${list}\` shows what there is.`
    }
    case 'client_outdated': {
      const upgrade = (details?.['upgrade'] ?? {}) as Readonly<Record<string, JsonValue>>
      const own = upgrade[settings.installation ?? 'global']
      return typeof own === 'string' ? `Upgrade it: \`${own}\`` : recovery
    }
    default:
      return recovery
  }
}

/** The things that a command line names. */
function askedFor(command: Command): Readonly<Record<string, string>> {
  const options: Readonly<Record<string, unknown>> = command.opts()
  const given = Object.keys(LISTS).flatMap((name) => {
    const at = command.registeredArguments.findIndex((argument) => argument.name() === name)
    const value = at === -1 ? options[name] : command.args[at]
    return typeof value === 'string' ? [[name, value] as const] : []
  })
  return Object.fromEntries(given)
}

/** What was wrong in the use of a command says more than that it was wrong; null where several things were. */
function wrongUse(code: ErrorCode, details: ErrorDetails | undefined): string | null {
  if (code !== 'usage') return null
  const issues = (details?.['issues'] ?? []) as readonly { readonly path: string; readonly message: string }[]
  const [first] = issues
  const reason = details?.['reason']
  // It may begin with the name of a file, which stays as it is.
  if (typeof reason === 'string') return reason
  if (issues.length !== 1 || first === undefined) return null
  if (first.path !== '') return `${first.path}: ${first.message}`
  return `${first.message.charAt(0).toUpperCase()}${first.message.slice(1)}`
}

/** What is wrong, and what may have been meant. */
function usageDetails({ code, message }: CommanderError, command: Command): ErrorDetails {
  if (code === 'commander.help') return { issues: [{ path: '', message: 'a command is missing' }] }
  const text = message
    .replace(/^error: /, '')
    .replace(/^command-argument value ('.*') is invalid for argument '(\w+)'\. /, '<$2> can not be $1. ')
    .replace(/\s*\(Did you mean .*\?\)$/s, '')
  const meant = meantBy(text, command)
  return {
    issues: [{ path: '', message: text }],
    ...(meant.length === 0 ? {} : { 'did you mean': meant.join(', ') }),
  }
}

function meantBy(text: string, command: Command): readonly string[] {
  const [, kind, word = ''] = /^unknown (command|option|command or topic) '([^']*)'/.exec(text) ?? []
  if (kind === undefined) return []
  const model = modelOf(command)
  if (kind === 'option') {
    const root = modelOf(rootOf(command))
    return nearest(word, [...model.options, ...root.options].map(({ long }) => long).concat('--help'))
  }
  const here = modelOf(kind === 'command' ? command : rootOf(command))
  const inGroup = nearest(
    word,
    here.commands.map(({ words }) => words.slice(1).join(' ')),
    here.words.length - 1,
  )
  return inGroup.length > 0 ? inGroup : elsewhere(word, rootOf(command))
}

/** The same word in another group: `tenon list`, `tenon runs add`. */
function elsewhere(word: string, root: Command): readonly string[] {
  const same = commandsBelow(modelOf(root)).filter(
    ({ words, commands }) => commands.length === 0 && words.at(-1) === word,
  )
  return same.length > 6 ? [] : same.map(({ words }) => words.slice(1).join(' '))
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent)
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

function detailLines(name: string, value: JsonValue, command: Command): string[] {
  if (Array.isArray(value) && value.length === 0) return []
  if (name === 'quota' && typeof value === 'string') return [`quota: ${limitName(value)}`]
  if (name === 'retryAfterSeconds' && typeof value === 'number') return [`retry after: ${seconds(value)}`]
  if (name !== 'issues' || !Array.isArray(value))
    return [`${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`]
  return value.map((issue: unknown) => {
    const { path, message } = issue as { path: string; message: string }
    return path === '' ? message : `${writtenAs(path, command)}: ${message}`
  })
}

/** The field of a request as the command line has it: `query.maxTokens` is given by `--max-tokens`. */
function writtenAs(path: string, command: Command): string {
  const [, name = '', rest = ''] = /^(?:params|query|body)\.(\w+)(.*)$/.exec(path) ?? []
  if (name === '') return path
  const option = command.options.find((one) => one.attributeName() === name)
  if (option !== undefined) return `${option.long ?? name}${rest}`
  const isArgument = command.registeredArguments.some((argument) => argument.name() === name)
  return isArgument ? `<${name}>${rest}` : `${name}${rest}`
}

/** Exact for a script, and in the unit that people think in. */
function seconds(count: number): string {
  return count < 90 ? `${count} s` : `${count} s (${span(count)})`
}
