import { factsOf, usageOf, type CommandModel, type OptionModel } from './command-model.ts'
import { columnsOf, padEnd } from './text-width.ts'
import { styleOf, wrapCode, type Look } from './text.ts'

/** Lines longer than this are hard to read, however wide the terminal is. */
const MOST_COLUMNS = 100
/** Of more choices, the first are shown; completion and a wrong value tell all. */
const MOST_CHOICES = 12
/** On fewer, every term stands on a line of its own. */
const LEAST_COLUMNS = 60
/** A longer term stands on a line of its own. */
const TERM_COLUMNS = 30
const COMMENT = /^(.*?\S) {2,}(# .*)$/

export interface HelpParts {
  /** Of the command that help is asked for. */
  readonly model: CommandModel
  /** Options that every command takes. */
  readonly globals: readonly OptionModel[]
  readonly look: Look
}

/** What `--help` prints. */
export function helpText({ model, globals, look }: HelpParts): string {
  const page = pageOf(look)
  if (model.words.length === 1) return programHelp(model, globals, page)
  const own = model.options.filter(({ long }) => long !== '--help')
  return [
    page.paragraph(model.description),
    page.block('Usage', [`  ${usageOf(model)}`]),
    page.items(
      'Arguments',
      model.args.map(({ term, description, choices }) => [
        term,
        choices.length === 0 ? description : `${description} (one of ${choices.join(', ')})`,
      ]),
    ),
    page.items(
      'Commands',
      model.commands.map((command) => [nameIn(command, model), command.summary]),
    ),
    page.items('Options', own.map(optionItem)),
    model.examples.length === 0 ? '' : page.block('Examples', examplesOf(model.examples, page)),
    page.paragraph(
      model.commands.length > 0
        ? `More about one of them: \`${model.words.join(' ')} <command> --help\``
        : `With every command: ${globals
            .filter(({ long }) => long !== '--version')
            .map(({ short, long }) => short ?? long)
            .join(', ')}. See \`tenon --help\`.`,
      'dim',
    ),
  ]
    .filter((part) => part !== '')
    .join('\n')
}

const FIRST_STEPS = [
  'tenon start  # server, database and a demo',
  'tenon repos add honojs/hono --wait  # index a repository',
  'tenon search TenonError --limit 10  # find lines in what is indexed',
  'tenon deps src/kernel/ctx.ts  # what depends on a file of this folder',
  'tenon impact --base main  # what the change in this folder affects',
  'tenon doctor  # when something does not work',
]

const SETTINGS =
  'The server, the key and the organisation come from the options, else from TENON_URL, TENON_API_KEY and TENON_ORG, else from the demo that the first `tenon start` made on this machine.'

const MORE = [
  ['tenon <command> --help', 'What a command does, with examples'],
  ['tenon help exit-codes', 'What the exit codes mean'],
  ['tenon help environment', 'Every setting'],
  ['tenon help output', 'Tables, --json, --quiet and colours'],
] as const

function programHelp(model: CommandModel, globals: readonly OptionModel[], page: Page): string {
  const sections = Map.groupBy(model.commands, ({ section }) => section)
  const terms = model.commands.map((command) => nameIn(command, model))
  const room = Math.max(...terms.map(columnsOf))
  return [
    page.paragraph(model.description),
    page.block('Usage', ['  tenon <command> [options]']),
    ...[...sections].map(([section, commands]) =>
      page.items(
        section,
        commands.map((command) => [padEnd(nameIn(command, model), room), command.summary]),
      ),
    ),
    page.block('First steps', examplesOf(FIRST_STEPS, page)),
    page.items('Options of every command', globals.map(optionItem)),
    page.block('Settings', page.lines(SETTINGS, 2)),
    page.items('More', MORE),
  ].join('\n')
}

export const FIRST_STEP_EXAMPLES: readonly string[] = FIRST_STEPS

function nameIn({ words, args }: CommandModel, parent: CommandModel): string {
  return [...words.slice(parent.words.length), ...(parent.words.length > 1 ? args.map(({ term }) => term) : [])].join(
    ' ',
  )
}

function optionItem(option: OptionModel): readonly [string, string] {
  const facts = factsOf(option, MOST_CHOICES)
  return [option.term, facts === '' ? option.description : `${option.description} (${facts})`]
}

/** Comments stand below each other, or above where there is no room for them beside. */
function examplesOf(examples: readonly string[], page: Page): string[] {
  const parts = examples.map(partsOf)
  const room = commandRoom(parts)
  return parts.flatMap(({ command, comment }) => {
    if (comment === '') return broken(command, page.width)
    if (2 + room + 2 + columnsOf(comment) <= page.width) return [`  ${padEnd(command, room)}  ${page.dim(comment)}`]
    const above = page.lines(comment.slice(2), 4).map((line) => page.dim(line.replace('    ', '  # ')))
    return [...above, ...broken(command, page.width)]
  })
}

/** Gone on with below where there is no room, so that it can be copied as it stands. */
function broken(command: string, width: number): string[] {
  const lines: string[] = []
  for (const part of command.split(/ (?=--\w)/)) {
    const longer = `${lines.at(-1) ?? ' '} ${part}`
    if (lines.length === 0 || columnsOf(longer) <= width - 2) lines[Math.max(0, lines.length - 1)] = longer
    else lines.push(`      ${part}`)
  }
  return lines.map((line, i) => (i === lines.length - 1 ? line : `${line} \\`))
}

/** The same for a page of any width. */
export function alignedExamples(examples: readonly string[]): string[] {
  const parts = examples.map(partsOf)
  const room = commandRoom(parts)
  return parts.map(({ command, comment }) => (comment === '' ? command : `${padEnd(command, room)}  ${comment}`))
}

interface Example {
  readonly command: string
  readonly comment: string
}

function partsOf(example: string): Example {
  const [, command = example, comment = ''] = COMMENT.exec(example) ?? []
  return { command, comment }
}

function commandRoom(parts: readonly Example[]): number {
  return Math.max(0, ...parts.filter(({ comment }) => comment !== '').map(({ command }) => columnsOf(command)))
}

type Item = readonly [term: string, text: string]

export interface Page {
  readonly width: number
  readonly dim: (text: string) => string
  readonly lines: (text: string, indent?: number) => string[]
  readonly paragraph: (text: string, format?: 'dim') => string
  readonly block: (title: string, lines: readonly string[]) => string
  readonly items: (title: string, items: readonly Item[]) => string
}

export function pageOf({ width: columns, colors }: Look): Page {
  const width = Math.max(20, Math.min(columns, MOST_COLUMNS))
  const style = styleOf(colors)
  const lines = (text: string, indent = 0): string[] =>
    wrapCode(text, width - indent, colors).map((line) => `${' '.repeat(indent)}${line}`)
  const block = (title: string, body: readonly string[]): string =>
    body.length === 0 ? '' : [style('bold', title), ...body, ''].join('\n')
  return {
    width,
    dim: (text) => style('dim', text),
    lines,
    paragraph: (text, format) =>
      text === ''
        ? ''
        : `${lines(text)
            .map((line) => (format === undefined ? line : style(format, line)))
            .join('\n')}\n`,
    block,
    items: (title, items) => {
      const most = width < LEAST_COLUMNS ? 0 : Math.min(TERM_COLUMNS, Math.floor(width / 2))
      const fitting = items.map(([term]) => columnsOf(term)).filter((taken) => taken <= most)
      const room = Math.max(0, ...fitting)
      const indent = room === 0 ? 6 : 2 + room + 2
      const body = items.flatMap(([term, text]) => {
        const [first = '', ...rest] = lines(text, indent)
        const shown = style('cyan', term)
        if (columnsOf(term) > room)
          return [`  ${style('cyan', term.trimEnd())}`, first, ...rest].filter((line) => line.trim() !== '')
        return [`  ${shown}${' '.repeat(room - columnsOf(term))}  ${first.trimStart()}`.trimEnd(), ...rest]
      })
      return block(title, body)
    },
  }
}
