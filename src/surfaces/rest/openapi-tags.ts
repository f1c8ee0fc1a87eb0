/** A group of operations, as readers of the reference meet it. */
export interface Tag {
  readonly name: string
  readonly description: string
}

/** By the noun of an operation's name, in the order of the reference. */
const TAGS: Readonly<Record<string, Tag>> = {
  repositories: {
    name: 'Repositories',
    description: 'Git repositories and what was indexed of them: add, read, index again, delete.',
  },
  projects: { name: 'Projects', description: 'Groups of repositories that are searched and followed together.' },
  search: { name: 'Search', description: 'Text, regular expressions and definitions in indexed code.' },
  dependencies: { name: 'Dependencies', description: 'Who imports a file or a symbol, and what it imports.' },
  impact: { name: 'Change impact', description: 'What an edit affects, and which tests to run.' },
  specs: { name: 'Specs', description: 'Plans, checked against the index before anything is written.' },
  runs: { name: 'Runs', description: 'Work in the background: start, follow, pause, cancel, try again.' },
  schedules: { name: 'Schedules', description: 'Runs that start by the clock.' },
  me: { name: 'Caller', description: 'Whose credential this is, and what it may do.' },
  apiKeys: {
    name: 'API keys',
    description: 'Keys of an organisation, each with scopes, a limit and an end of its own.',
  },
  limits: { name: 'Limits', description: 'The plan, its limits, and what is used of them.' },
  audit: { name: 'Audit', description: 'Who did what: a hash-chained trail that can be checked offline.' },
  organizations: { name: 'Organisations', description: 'For the operator: make an organisation with its first key.' },
  health: { name: 'Health', description: 'Probes for whoever watches over a node. They need no credential.' },
}

/** The group of an operation such as `repositories.add`; a noun that has no entry is a group by itself. */
export function tagOf(operation: string): Tag {
  const noun = operation.split('.')[0] ?? operation
  return TAGS[noun] ?? { name: noun, description: `Operations on ${noun}.` }
}

/** Groups of these operations in the order of the reference. */
export function tagsOf(operations: readonly string[]): readonly Tag[] {
  const used = new Set(operations.map((name) => tagOf(name).name))
  const known = Object.values(TAGS).filter(({ name }) => used.has(name))
  const others = operations.map(tagOf).filter((tag) => !known.includes(tag))
  return [...known, ...new Map(others.map((tag) => [tag.name, tag])).values()]
}
