import type { Argument, Command, Option } from 'commander'
import { examplesOf, pathOf, SECTIONS } from './command-tree.ts'

/** The tree of commands as data: help, completion and reference pages are made from it, and so can not go stale. */
export interface CommandModel {
  /** With the name of the program. */
  readonly words: readonly string[]
  readonly summary: string
  readonly description: string
  /** What one wants to do with it; of commands at the top. */
  readonly section: string
  readonly args: readonly ArgumentModel[]
  readonly options: readonly OptionModel[]
  readonly examples: readonly string[]
  readonly commands: readonly CommandModel[]
}
export interface ArgumentModel {
  /** As it is written: `<file>`, `[topic...]`. */
  readonly term: string
  readonly description: string
  readonly choices: readonly string[]
  /** Names a file of this machine, or one that has its path. */
  readonly isFile: boolean
}
export interface OptionModel {
  /** `--limit <number>`, with the short form before it. */
  readonly term: string
  readonly long: string
  readonly short: string | undefined
  readonly description: string
  readonly choices: readonly string[]
  readonly default: string | undefined
  readonly required: boolean
  readonly takesValue: boolean
  readonly repeated: boolean
  readonly isFile: boolean
}

const OTHER = 'More'
const FILES = /^(?:file|path|folder)$/

export function modelOf(command: Command): CommandModel {
  const words = pathOf(command)
  const commands = command.commands.map(modelOf)
  return {
    words,
    summary: command.summary(),
    description: command.description(),
    section: sectionOf(words[1]),
    args: command.registeredArguments.map(argumentOf),
    options: command.options.filter(({ hidden }) => !hidden).map(optionOf),
    examples: examplesOf(command),
    commands: command.parent === null ? inOrder(commands) : commands,
  }
}

function sectionOf(name: string | undefined): string {
  return Object.entries(SECTIONS).find(([, names]) => name !== undefined && names.includes(name))?.[0] ?? OTHER
}

function inOrder(commands: readonly CommandModel[]): readonly CommandModel[] {
  const order = Object.values(SECTIONS).flat()
  const place = ({ words }: CommandModel): number => {
    const at = order.indexOf(words[1] ?? '')
    return at === -1 ? order.length : at
  }
  return commands.toSorted((a, b) => place(a) - place(b))
}

function argumentOf(argument: Argument): ArgumentModel {
  const name = `${argument.name()}${argument.variadic ? '...' : ''}`
  return {
    term: argument.required ? `<${name}>` : `[${name}]`,
    description: sentence(argument.description),
    choices: argument.argChoices ?? [],
    isFile: FILES.test(argument.name()),
  }
}

function optionOf(option: Option): OptionModel {
  const { long = '', short, description, argChoices, defaultValueDescription, mandatory, flags } = option
  const value = /[<[](.*?)[.\]>]/.exec(flags)?.[1] ?? ''
  return {
    term: flags,
    long,
    short,
    description: sentence(description),
    choices: argChoices ?? [],
    default: defaultValueDescription,
    required: mandatory,
    takesValue: option.required || option.optional,
    repeated: option.variadic || isRepeated(option),
    isFile: FILES.test(value),
  }
}

const repeatedOptions = new WeakSet<Option>()

/** The option may be given more than once, and each value counts. */
export function markRepeated(option: Option): Option {
  repeatedOptions.add(option)
  return option
}

function isRepeated(option: Option): boolean {
  return repeatedOptions.has(option)
}

/** Begins with a capital, unless it begins with code. */
function sentence(text: string): string {
  return text.replace(/^[a-z](?=[a-z]*(?:[ ,;:]|$))/, (letter) => letter.toUpperCase())
}

/** What an option takes beside its description: choices (at most so many), default, how often. */
export function factsOf(
  { choices, default: byDefault, required, repeated }: OptionModel,
  most: number = Number.POSITIVE_INFINITY,
): string {
  return [
    choices.length === 0 || isSwitch(choices) ? '' : `one of ${shown(choices, most)}`,
    repeated ? 'may be repeated' : '',
    byDefault === undefined ? '' : `default ${byDefault}`,
    required ? 'required' : '',
  ]
    .filter((fact) => fact !== '')
    .join('; ')
}

function shown(choices: readonly string[], most: number): string {
  if (choices.length <= most) return choices.join(', ')
  return `${choices.length}: ${choices.slice(0, most).join(', ')}, …`
}

/** Stands in the term itself. */
function isSwitch(choices: readonly string[]): boolean {
  return choices.join() === 'true,false'
}

const HELP: OptionModel = {
  term: '-h, --help',
  long: '--help',
  short: '-h',
  description: 'Print what a command does, with examples',
  choices: [],
  default: undefined,
  required: false,
  takesValue: false,
  repeated: false,
  isFile: false,
}

/** Options that every command takes. */
export function globalsOf(root: CommandModel): readonly OptionModel[] {
  return [...root.options, HELP]
}

/** Every command that does something, groups and all below them, depth first. */
export function commandsBelow(model: CommandModel): readonly CommandModel[] {
  return model.commands.flatMap((command) => [command, ...commandsBelow(command)])
}

export function usageOf({ words, args, options, commands, examples }: CommandModel): string {
  const rest = commands.length > 0 ? [examples.length > 0 ? '[command]' : '<command>'] : args.map(({ term }) => term)
  return [...words, ...rest, ...(options.length > 0 || commands.length > 0 ? ['[options]'] : [])].join(' ')
}
