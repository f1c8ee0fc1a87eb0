/**
 * Makes `docs/reference/cli.md` and the page of the manual, `docs/man/tenon.1`, from the tree of commands. What a machine
 * has (its width, its settings, its language) stands on neither. `node scripts/generate-docs.ts` writes them.
 */
import { localCommands } from '../src/app/local-commands.ts'
import { documentedVariables } from '../src/app/variables.ts'
import { EXIT, ERROR_CODES, ERRORS } from '../src/contract/errors.ts'
import { VERSION } from '../src/contract/health.ts'
import {
  alignedExamples,
  buildProgram,
  commandsBelow,
  EXIT_CODES,
  factsOf,
  FIRST_STEP_EXAMPLES,
  globalsOf,
  modelOf,
  OUTPUT_NOTES,
  usageOf,
  type ArgumentModel,
  type CliSettings,
  type CommandModel,
  type OptionModel,
} from '../src/surfaces/cli/index.ts'
import { fenced, NOTE, table } from './docs/markdown.ts'
import { bold, examplesBlock, line, manPage, paragraph, section, subsection, tagged } from './docs/roff.ts'

/** Path from the repository's root → text. */
export function cliPages(): ReadonlyMap<string, string> {
  const root = commandTree()
  return new Map([
    ['docs/reference/cli.md', markdownPage(root)],
    ['docs/man/tenon.1', manualPage(root)],
  ])
}

/** Of no machine: nothing of the surroundings is read. */
const NOWHERE: CliSettings = {
  url: '',
  apiKey: undefined,
  org: undefined,
  fetch: () => Promise.reject(new Error('no network')),
  out: () => {},
  err: () => {},
  isTerminal: false,
  colors: false,
  width: 80,
  confirm: async () => false,
  input: async () => '',
  readFile: () => Promise.reject(new Error('no files')),
  writeFile: () => Promise.reject(new Error('no files')),
  git: async () => ({ code: 1, out: '', err: '' }),
}

/** Every command as it is, on no machine. */
export function commandTree(): CommandModel {
  const config = (): never => {
    throw new Error('no settings')
  }
  return modelOf(buildProgram(NOWHERE, localCommands({ config, say: () => {} })).program)
}

function sectionsOf(root: CommandModel): ReadonlyMap<string, readonly CommandModel[]> {
  return Map.groupBy(root.commands, ({ section: name }) => name)
}

/** A group and what is in it, or the command alone. */
function withinOf(command: CommandModel): readonly CommandModel[] {
  return [command, ...commandsBelow(command)]
}

const SETTINGS =
  'Address, key and organisation come from the options, else from `TENON_URL`, `TENON_API_KEY` and `TENON_ORG`, else from the demo that the first `tenon start` made on this machine. An empty variable is the same as none.'

function meaningOf(option: OptionModel): string {
  const facts = factsOf(option)
  return facts === '' ? option.description : `${option.description} (${facts})`
}

// Markdown

function markdownPage(root: CommandModel): string {
  const blocks = [
    NOTE,
    '# Command line',
    `${root.description} \`tenon <command> --help\` says what stands here; [completion](#tenon-completion) and a [page of the manual](../man/tenon.1) come with it.`,
    fenced('sh', alignedExamples(FIRST_STEP_EXAMPLES).join('\n')),
    '## Commands',
    ...[...sectionsOf(root)].map(([name, commands]) =>
      [
        `**${name}**`,
        '',
        ...commands.flatMap(withinOf).map((command) => {
          const title = command.words.join(' ')
          return `${'  '.repeat(command.words.length - 2)}- [\`${title}\`](#${title.replaceAll(' ', '-')}): ${command.summary}`
        }),
      ].join('\n'),
    ),
    '## Options of every command',
    table(['Option', 'Meaning'], globalsOf(root).map(optionRow)),
    '## Settings',
    SETTINGS,
    '## Output',
    table(
      ['', 'What it does'],
      OUTPUT_NOTES.map(([term, meaning]) => [
        `\`${term}\``.replace('`a terminal`', 'a terminal').replace('`progress`', 'progress'),
        meaning,
      ]),
    ),
    '## Exit codes',
    table(
      ['Code', 'Meaning', 'Errors'],
      EXIT_CODES.map(([exit, meaning]) => [String(exit), meaning, errorsWith(exit)]),
    ),
    ...[...sectionsOf(root)].flatMap(([name, commands]) => [
      `## ${name}`,
      ...commands.flatMap(withinOf).flatMap(commandBlocks),
    ]),
  ]
  return `${blocks.join('\n\n')}\n`
}

function errorsWith(exit: number): string {
  if (exit === EXIT.done) return ''
  return ERROR_CODES.filter((name) => ERRORS[name].exitCode === exit)
    .map((name) => `\`${name}\``)
    .join(', ')
}

function commandBlocks(command: CommandModel): string[] {
  const { words, description, args, options, examples, commands } = command
  return [
    `### ${words.join(' ')}`,
    description,
    fenced('sh', usageOf(command)),
    ...(commands.length === 0
      ? []
      : [commands.map(({ words: name }) => `[\`${name.join(' ')}\`](#${name.join('-')})`).join(', ')]),
    ...(args.length === 0 ? [] : [table(['Argument', 'Meaning'], args.map(argumentRow))]),
    ...(options.length === 0 ? [] : [table(['Option', 'Meaning'], options.map(optionRow))]),
    ...(examples.length === 0 ? [] : [fenced('sh', alignedExamples(examples).join('\n'))]),
  ]
}

function argumentRow({ term, description, choices }: ArgumentModel): readonly string[] {
  return [`\`${term}\``, choices.length === 0 ? description : `${description} (one of ${choices.join(', ')})`]
}

function optionRow(option: OptionModel): readonly string[] {
  return [`\`${option.term}\``, meaningOf(option)]
}

// Manual

function manualPage(root: CommandModel): string {
  return manPage({ name: 'tenon', section: 1, source: `Tenon ${VERSION}`, manual: 'Tenon' }, [
    section('Name'),
    line('tenon - index git repositories, search them and tell what a change affects'),
    section('Synopsis'),
    paragraph(`${bold('tenon')} <command> [options]`),
    section('Description'),
    paragraph(root.description),
    section('First steps'),
    examplesBlock(alignedExamples(FIRST_STEP_EXAMPLES)),
    section('Options of every command'),
    ...globalsOf(root).map((option) => tagged(option.term, meaningOf(option))),
    ...[...sectionsOf(root)].flatMap(([name, commands]) => [
      section(name),
      ...commands.flatMap(withinOf).flatMap(manualCommand),
    ]),
    section('Output'),
    ...OUTPUT_NOTES.map(([term, meaning]) => tagged(term, meaning)),
    section('Environment'),
    paragraph(SETTINGS),
    ...documentedVariables().map(({ name, description, byDefault }) =>
      tagged(name, byDefault === undefined ? description : `${description} (default ${byDefault})`),
    ),
    section('Exit status'),
    ...EXIT_CODES.map(([exit, meaning]) => tagged(String(exit), meaning)),
    section('See also'),
    paragraph(`${bold('git')}(1); the documents of Tenon, in the folder \`docs\` beside it.`),
  ])
}

function manualCommand(command: CommandModel): string[] {
  const { description, args, options, examples, commands } = command
  return [
    subsection(usageOf(command)),
    paragraph(description),
    ...(commands.length > 0 ? [] : args.map(({ term, description: told }) => tagged(term, told))),
    ...options.map((option) => tagged(option.term, meaningOf(option))),
    ...(examples.length === 0 ? [] : [paragraph('Examples:'), examplesBlock(alignedExamples(examples))]),
  ]
}
