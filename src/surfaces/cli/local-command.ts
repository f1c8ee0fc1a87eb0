import { Option, type Command } from 'commander'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import type { Access } from './settings.ts'

/** A command that is no operation of the contract. */
export interface LocalCommand {
  /** The words after `tenon`; those before the last one name groups. */
  readonly name: string
  readonly summary: string
  /** For its help; the summary when left out. */
  readonly description?: string
  /** Positional, each of them needed, in order. */
  readonly args?: readonly { readonly name: string; readonly description: string }[]
  /** `--name <value>`, each of which may be left out. */
  readonly options?: readonly { readonly name: string; readonly value: string; readonly description: string }[]
  readonly examples?: readonly string[]
  /** Answers the exit code. */
  readonly run: (given: LocalInput) => Promise<number>
}
interface LocalInput {
  readonly json: boolean
  /** By the names above. */
  readonly args: Readonly<Record<string, string>>
  readonly options: Readonly<Record<string, string>>
  /** The standard output shows colours. */
  readonly colors: boolean
  /** Columns of the terminal. */
  readonly width: number
  /** Where the command line calls. */
  readonly url: () => string
  /** Where the command line calls, and with which key. @throws CliError `not_configured`, `usage` */
  readonly access: () => Access
}

export function addLocal(program: Command, local: LocalCommand, { settings, json, url, access, done }: Context): void {
  const { args = [], summary, description = summary, examples = [] } = local
  const command = commandAt(program, local.name).summary(summary).description(description)
  for (const arg of args) command.argument(`<${arg.name}>`, arg.description)
  const options = (local.options ?? []).map(
    ({ name, value, ...option }) => [name, new Option(`--${name} <${value}>`, option.description)] as const,
  )
  for (const [, option] of options) command.addOption(option)
  addExamples(command, examples)
  command.action(async () => {
    const given: Record<string, string | undefined> = command.opts()
    const input: LocalInput = {
      json: json(),
      colors: settings.colors,
      width: settings.width,
      url,
      access,
      args: Object.fromEntries(args.map(({ name }, i) => [name, command.args[i] ?? ''])),
      options: Object.fromEntries(
        options.flatMap(([name, option]) => {
          const value = given[option.attributeName()]
          return value === undefined ? [] : [[name, value]]
        }),
      ),
    }
    done(await local.run(input))
  })
}
