import type { Command } from 'commander'
import { createClient, type Client } from '../../contract/client.ts'
import { getMe } from '../../contract/identity.ts'
import type { CallInputOf, Envelope, Operation } from '../../contract/operation.ts'
import { CLIENT_HEADER, headerOf, OWN_RELEASE } from '../../contract/release.ts'
import { quietText } from './quiet.ts'
import { render } from './render.ts'
import {
  accessOf,
  CliError,
  errColorsOf,
  liveWidthOf,
  rootAccessOf,
  urlOf,
  type Access,
  type CliSettings,
  type Given,
} from './settings.ts'
import { styleOf } from './text.ts'
import { rememberingRelease, versionNote } from './version-note.ts'

/** What a command has at hand when it runs. */
export interface Context {
  readonly settings: CliSettings
  /** `--json` was given. */
  readonly json: () => boolean
  /** `--quiet` was given. */
  readonly quiet: () => boolean
  /** Where calls go. */
  readonly url: () => string
  /** Where calls go and with which key. @throws CliError `not_configured`, `usage` */
  readonly access: () => Access
  /** Made when a command needs it, so that help needs no key. @throws CliError `not_configured`, `usage` */
  readonly client: () => Client
  /** That of the operator. @throws CliError `root_key_missing`, `usage` */
  readonly rootClient: () => Client
  /** For what needs no key. */
  readonly publicClient: () => Client
  /** Sets the exit code of a command that did its work with another end than success. */
  readonly done: (exitCode: number) => void
  /** Prints the answer of an operation in the way that was asked for. */
  readonly show: (operation: string, envelope: Envelope) => void
  /** A note beside the answer, for a person. */
  readonly note: (text: string) => void
  /** Says at the end when command line and server are of two releases. */
  readonly sayVersion: () => void
}

export function contextOf(program: Command, settings: CliSettings, done: Context['done']): Context {
  const json = (): boolean => program.opts()['json'] === true
  const quiet = (): boolean => program.opts()['quiet'] === true
  const access = (): Access => accessOf(settings, program.opts<Given>())
  const { fetch, server } = rememberingRelease(settings)
  const headers = () => ({ ...settings.headers?.(), [CLIENT_HEADER]: `cli/${headerOf(OWN_RELEASE)}` })
  program.hook('preAction', (_, command) => settings.begun?.(wordsOf(command)))
  return {
    settings,
    json,
    quiet,
    url: () => urlOf(settings, program.opts<Given>()),
    access,
    client: () => {
      const given = access()
      const client = createClient({ ...given, fetch, headers })
      return given.org === undefined ? withOwnOrg(client) : client
    },
    publicClient: () => createClient({ url: urlOf(settings, program.opts<Given>()), fetch, headers }),
    rootClient: () => {
      const given = rootAccessOf(settings, program.opts<Given>())
      const client = createClient({ ...given, fetch, headers })
      return given.org === undefined ? withNamedOrg(client) : client
    },
    done,
    show: (operation, envelope) => {
      const short = quiet()
        ? (quietText(operation, envelope) ?? render(operation, { data: envelope.data }, settings))
        : null
      settings.out(json() ? `${JSON.stringify(envelope)}\n` : (short ?? render(operation, envelope, settings)))
    },
    note: (text) => {
      if (!json() && !quiet()) settings.err(text)
    },
    sayVersion: () => {
      if (json() || quiet() || liveWidthOf(settings) === null) return
      const style = styleOf(errColorsOf(settings))
      for (const line of versionNote({ server: server(), installation: settings.installation }))
        settings.err(`${style('dim', line)}\n`)
    },
  }
}

/** The words of a command, without the program's own name; what it was given is not among them. */
function wordsOf(command: Command): string {
  const { parent } = command
  return parent?.parent ? `${wordsOf(parent)} ${command.name()}` : command.name()
}

const ORG_MISSING = { issues: [{ path: '--org', message: 'Slug or id of the organisation' }] }

/** Without an organisation named, the key's own, or a person's only one: the server says which, once. */
function withOwnOrg(client: Client): Client {
  let own: string | undefined
  return withOrg(client, async () => {
    own ??= (await client.call(getMe, {})).data.org?.id
    if (own === undefined) throw new CliError('usage', ORG_MISSING)
    return own
  })
}

/** A root key belongs to no organisation. */
function withNamedOrg(client: Client): Client {
  return withOrg(client, async () => {
    throw new CliError('usage', ORG_MISSING)
  })
}

/** Asks for the organisation where an operation needs one and the input names none. */
function withOrg(client: Client, ask: () => Promise<string>): Client {
  const fill = async <Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<CallInputOf<Op>> =>
    'org' in operation.params.shape && !('org' in input) ? { ...input, org: await ask() } : input
  return {
    call: async (operation, input, options) => client.call(operation, await fill(operation, input), options),
    draw: async (operation, input, options) =>
      client.draw(operation, { ...(await fill(operation, input)), format: input.format }, options),
    watch: async function* (operation, input, options) {
      yield* client.watch(operation, await fill(operation, input), options)
    },
  }
}
