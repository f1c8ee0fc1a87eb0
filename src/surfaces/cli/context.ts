import type { Command } from 'commander'
import { createClient, type Client } from '../../contract/client.ts'
import { getMe } from '../../contract/identity.ts'
import type { CallInputOf, Operation } from '../../contract/operation.ts'
import { accessOf, type CliSettings, type Given } from './settings.ts'

/** What a command has at hand when it runs. */
export interface Context {
  readonly settings: CliSettings
  /** `--json` was given. */
  readonly json: () => boolean
  /** Made when a command needs it, so that help needs no key. @throws CliError `not_configured`, `usage` */
  readonly client: () => Client
  /** Sets the exit code of a command that did its work with another end than success. */
  readonly done: (exitCode: number) => void
}

export function contextOf(program: Command, settings: CliSettings, done: Context['done']): Context {
  return {
    settings,
    json: () => program.opts()['json'] === true,
    client: () => {
      const access = accessOf(settings, program.opts<Given>())
      const client = createClient({ ...access, fetch: settings.fetch })
      return access.org === undefined ? withOwnOrg(client) : client
    },
    done,
  }
}

/** Without an organisation named, the key's own: the server says which, once. */
function withOwnOrg(client: Client): Client {
  let own: string | undefined
  const withOrg = async <Op extends Operation>(operation: Op, input: CallInputOf<Op>): Promise<CallInputOf<Op>> => {
    if (!('org' in operation.params.shape)) return input
    own ??= (await client.call(getMe, {})).data.org.id
    return { ...input, org: own }
  }
  return {
    call: async (operation, input, options) => client.call(operation, await withOrg(operation, input), options),
    draw: async (operation, input, options) =>
      client.draw(operation, { ...(await withOrg(operation, input)), format: input.format }, options),
    watch: async function* (operation, input, options) {
      yield* client.watch(operation, await withOrg(operation, input), options)
    },
  }
}
