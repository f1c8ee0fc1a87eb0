import type { Command } from 'commander'

/** What one wants to do, with the commands for it, in the order of the help. */
export const SECTIONS: Readonly<Record<string, readonly string[]>> = {
  'Start and run': ['start', 'serve', 'worker', 'migrate', 'doctor', 'sandbox'],
  'Search and understand code': ['search', 'deps', 'graph', 'impact', 'specs'],
  'Repositories and projects': ['repos', 'projects'],
  'Runs and schedules': ['runs', 'schedules'],
  'Organisation and people': ['me', 'orgs', 'members', 'invitations', 'api-keys', 'accounts', 'sessions'],
  'Plan, credits and payment': ['limits', 'credits', 'billing'],
  'Records and checks': ['audit', 'alerts', 'findings', 'reconcile'],
  'For the operator': ['orphans', 'webhooks', 'tokens'],
  'Agents and shell': ['mcp', 'completion', 'help'],
}

interface Group {
  readonly summary: string
  readonly description: string
}

const GROUPS: Readonly<Record<string, Group>> = {
  repos: {
    summary: 'Git repositories and their index',
    description:
      'Add git repositories, bring their index up to date, and read what is in it. A repository has to be indexed before it can be searched.',
  },
  orgs: {
    summary: 'Make, rename and delete organisations',
    description:
      'Organisations and their plans. Making one and setting its limits is for the operator, who has the root key; renaming and deleting is for owners.',
  },
  projects: {
    summary: 'Groups of repositories',
    description: 'Group repositories that belong together, so that a search can be kept to them.',
  },
  specs: {
    summary: 'Plans, checked against the index',
    description: 'Check what an implementation plan says it will do against the code that is there.',
  },
  runs: {
    summary: 'Background runs',
    description:
      'Follow, stop and repeat what is done in the background, such as indexing. A run has parts (chunks), which workers take one by one.',
  },
  schedules: {
    summary: 'Runs that start by the clock',
    description: 'Start runs by the clock, for instance to index a repository every night.',
  },
  webhooks: {
    summary: 'Events of Stripe, and what came of them',
    description:
      'See what Stripe has sent and what came of it, and apply again what could not be applied. Needs the root key.',
  },
  reconcile: {
    summary: 'Compare everything with Stripe and with itself',
    description:
      'See when an organisation was last compared with Stripe, and compare all of them now, which needs the root key.',
  },
  members: {
    summary: 'Members of the organisation and their roles',
    description: 'See who belongs to the organisation, change what each may do by their role, and remove people.',
  },
  invitations: {
    summary: 'Invitations to the organisation',
    description:
      'Invite people by mail, send an invitation again, and take one back. An open invitation takes a seat of the plan.',
  },
  tokens: {
    summary: 'Tokens of people from elsewhere',
    description:
      'Take back what an issuer of people, such as Supabase, has given out, before it ends. Needs the root key.',
  },
  'api-keys': {
    summary: 'API keys of the organisation',
    description: 'Make, rotate and revoke the keys that programs and people call with.',
  },
  accounts: {
    summary: 'Accounts of people',
    description: 'Sign up with e-mail and password, and confirm the address. Neither needs a key.',
  },
  sessions: {
    summary: 'Your sessions',
    description:
      'See where you are signed in, and end it. These commands call as a person: with a session in TENON_API_KEY in place of a key.',
  },
  audit: {
    summary: 'Audit trail of the organisation',
    description: 'Read who did what, write the whole trail to a file, and check that nobody has changed it.',
  },
}

/** The command at these words; groups on the way are made once. */
export function commandAt(program: Command, words: string): Command {
  return words.split(' ').reduce((parent, word) => {
    const present = parent.commands.find((command) => command.name() === word)
    if (present !== undefined) return present
    const made = parent.command(word)
    const group = parent === program ? GROUPS[word] : undefined
    if (group !== undefined) made.summary(group.summary).description(group.description)
    return made
  }, program)
}

const examplesOfCommand = new WeakMap<Command, readonly string[]>()

/** Lines for a shell; a comment may stand behind one. */
export function addExamples(command: Command, examples: readonly string[]): void {
  examplesOfCommand.set(command, examples)
}

export function examplesOf(command: Command): readonly string[] {
  return examplesOfCommand.get(command) ?? []
}

/** The root, a group, a command. */
export function pathOf(command: Command): readonly string[] {
  return command.parent === null ? [command.name()] : [...pathOf(command.parent), command.name()]
}
