import { expect, it } from 'vitest'
import { commandTree } from '../scripts/generate-cli-docs.ts'
import { globalsOf, type CommandModel } from '../src/surfaces/cli/index.ts'
import { commandsOf, documents, type ShownCommand } from './documents.ts'

const tree = commandTree()

/** What is wrong with a command line; nothing where a reader can type it. */
function faultOf({ words, whole }: Pick<ShownCommand, 'words' | 'whole'>): string | null {
  let command: CommandModel = tree
  let next = 0
  for (const word of words) {
    const below = command.commands.find((one) => one.words.at(-1) === word)
    if (below === undefined) break
    command = below
    next += 1
  }
  const known = [...command.options, ...globalsOf(tree)]
  const given: string[] = []
  for (let i = next; i < words.length; i++) {
    const word = words[i] ?? ''
    if (!/^-\D/.test(word)) {
      // Whatever comes there.
      if (whole || word !== '…') given.push(word)
      continue
    }
    const [name, value] = word.split('=', 2)
    const option = known.find(({ long, short }) => long === name || short === name)
    if (option === undefined) return `no option ${name}`
    if (option.takesValue && value === undefined) i += 1
  }
  if (command.commands.length > 0) {
    if (given.length > 0) return `no command ${given[0]}`
    // One with examples is a command by itself.
    return whole && command !== tree && command.examples.length === 0 ? 'a group does nothing' : null
  }
  const most = command.args.some(({ term }) => term.includes('...')) ? Number.POSITIVE_INFINITY : command.args.length
  if (given.length > most) return `too many arguments: ${given.join(' ')}`
  const needed = command.args.filter(({ term }) => term.startsWith('<')).length
  return whole && given.length < needed ? 'an argument is missing' : null
}

it('the documents show only commands that there are', () => {
  const shown = documents()
    // The reference of the command line is made from the same tree; the changelog tells of former ones.
    .filter((page) => page !== 'CHANGELOG.md' && page !== 'docs/reference/cli.md')
    .flatMap(commandsOf)
  expect(shown.length).toBeGreaterThan(60)
  const faults = shown.flatMap((command) => {
    const fault = faultOf(command)
    return fault === null ? [] : [`${command.page}: ${command.text}: ${fault}`]
  })
  expect([...new Set(faults)]).toEqual([])
})

it.each([
  [['repos', 'ad', 'x'], 'no command ad'],
  [['search', 'x', '--no-such'], 'no option --no-such'],
  [['search', 'x', 'y'], 'too many arguments: x y'],
  [['runs', 'pause'], 'an argument is missing'],
  [['runs', 'list', '--json', '--limit', '5'], null],
])('a wrong command is found: %j', (words, fault) => {
  expect(faultOf({ words, whole: true })).toBe(fault)
})
