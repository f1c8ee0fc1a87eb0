import type { Command } from 'commander'
import { createClient, type Client } from '../../contract/client.ts'
import { getMe } from '../../contract/identity.ts'
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
  return {
    call: async (operation, input, options) => {
      if (!('org' in operation.params.shape)) return client.call(operation, input, options)
      own ??= (await client.call(getMe, {})).data.org.id
      return client.call(operation, { ...input, org: own }, options)
    },
  }
}
