import type { Command } from 'commander'
import { ERROR_CODES, ERRORS } from '../../contract/errors.ts'
import { addExamples, commandAt } from './command-tree.ts'
import type { Context } from './context.ts'
import { EXIT_CODES, HELP_TOPICS, OUTPUT_NOTES } from './help-topics.ts'
import { pageOf, type Page } from './help.ts'
import type { Variable } from './settings.ts'

/** `tenon help`: of a command what its `--help` says, and what belongs to no command. */
export function addHelp(program: Command, { settings, json }: Context): void {
  const command = commandAt(program, 'help')
    .summary('Explain a command, or a topic')
    .description(
      'Print what `--help` prints of a command; or explain a topic that belongs to all of them: `exit-codes`, `environment` or `output`.',
    )
    .argument('[topic...]', 'words of a command, or exit-codes, environment, output')
    .action((words: string[]) => {
      const topic = topicOf(words.join(' '), settings.variables ?? [])
      if (topic !== null) {
        return settings.out(json() ? `${JSON.stringify({ data: topic.data })}\n` : topic.text(pageOf(settings)))
      }
      let found = program
      for (const word of words) {
        const next = found.commands.find((child) => child.name() === word)
        if (next === undefined) return command.error(`error: unknown command or topic '${words.join(' ')}'`)
        found = next
      }
      found.outputHelp()
    })
  addExamples(command, ['tenon help runs watch', 'tenon help exit-codes', 'tenon help environment'])
}

interface Topic {
  readonly data: unknown
  readonly text: (page: Page) => string
}

function topicOf(name: string, variables: readonly Variable[]): Topic | null {
  switch (HELP_TOPICS.find((topic) => topic === name)) {
    case 'exit-codes':
      return {
        data: EXIT_CODES.map(([code, meaning]) => ({ code, meaning, errors: codesWith(code) })),
        text: (page) =>
          [
            page.items(
              'Exit codes',
              EXIT_CODES.map(([code, meaning]) => [String(code).padStart(2), meaning]),
            ),
            page.paragraph(
              'The code of an error, such as `not_found`, decides; `tenon help exit-codes --json` lists them all.',
            ),
          ].join('\n'),
      }
    case 'environment':
      return {
        data: variables,
        text: (page) =>
          [
            page.items(
              'Environment variables',
              variables.map(({ name: variable, description, byDefault }) => [
                variable,
                byDefault === undefined ? description : `${description} (default ${byDefault})`,
              ]),
            ),
            page.paragraph('An empty variable is the same as none.', 'dim'),
          ].join('\n'),
      }
    case 'output':
      return {
        data: OUTPUT_NOTES.map(([term, meaning]) => ({ term, meaning })),
        text: (page) => page.items('Output', OUTPUT_NOTES),
      }
    default:
      return null
  }
}

function codesWith(exitCode: number): readonly string[] {
  return ERROR_CODES.filter((code) => ERRORS[code].exitCode === exitCode)
}
