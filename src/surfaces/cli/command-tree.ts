import type { Command } from 'commander'

const GROUPS: Readonly<Record<string, string>> = {
  repos: 'Git repositories and their index',
  projects: 'Groups of repositories',
  specs: 'Plans, checked against the index',
  runs: 'Background runs',
  schedules: 'Runs that start by the clock',
  'api-keys': 'API keys of the organisation',
  audit: 'Audit trail of the organisation',
}

/** The command at these words; groups on the way are made once. */
export function commandAt(program: Command, words: string): Command {
  return words.split(' ').reduce((parent, word) => {
    const present = parent.commands.find((command) => command.name() === word)
    if (present !== undefined) return present
    const made = parent.command(word)
    const group = GROUPS[word]
    if (group !== undefined && parent === program) made.summary(group).description(group)
    return made
  }, program)
}

export function addExamples(command: Command, examples: readonly string[]): void {
  if (examples.length === 0) return
  command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}`).join('\n')}`)
}
