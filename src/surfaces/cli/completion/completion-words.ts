import { commandsBelow, globalsOf, type CommandModel, type OptionModel } from '../command-model.ts'
import { HELP_TOPICS } from '../help-topics.ts'

/** What can stand where, for each place in the tree of commands. */
export interface Place {
  /** The words after `tenon`. */
  readonly path: string
  readonly commands: readonly CommandModel[]
  readonly options: readonly OptionModel[]
  /** Of the positional arguments that are no commands: fixed words, or files. */
  readonly words: readonly string[]
  readonly takesFiles: boolean
}

/** The options of every command stand at every place. */
export function placesOf(root: CommandModel): readonly Place[] {
  const globals = globalsOf(root)
  return [root, ...commandsBelow(root)].map((model) => ({
    path: model.words.slice(1).join(' '),
    commands: model.commands,
    options: model === root ? globals : [...model.options, ...globals],
    words: [
      ...model.args.flatMap(({ choices }) => choices),
      ...(model.words[1] === 'help' ? [...root.commands.map(({ words }) => words[1] ?? ''), ...HELP_TOPICS] : []),
    ],
    takesFiles: model.args.some(({ isFile }) => isFile),
  }))
}

/** Names of the options whose next word is their value, wherever they stand. */
export function valuedOptions(places: readonly Place[]): readonly string[] {
  const valued = places.flatMap(({ options }) =>
    options.flatMap(({ takesValue, long, short }) =>
      takesValue ? [long, ...(short === undefined ? [] : [short])] : [],
    ),
  )
  return [...new Set(valued)].toSorted()
}

export function namesOf({ long, short }: OptionModel): readonly string[] {
  return short === undefined ? [long] : [short, long]
}

/** For the text beside a candidate, which has one line. */
export function shortText(text: string): string {
  const [first = ''] = text.replaceAll('`', '').split(/(?<=[a-z)])[.;:] /)
  return first.length > 80 ? `${first.slice(0, 79).trimEnd()}…` : first
}
