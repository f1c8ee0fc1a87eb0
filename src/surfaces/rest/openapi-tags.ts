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
  organizations: {
    name: 'Organisations',
    description: 'Make an organisation with its first key, rename it, delete it.',
  },
  members: { name: 'Members', description: 'The people of an organisation, and what each may do by their role.' },
  invitations: { name: 'Invitations', description: 'Ask somebody by mail to join an organisation.' },
  apiKeys: {
    name: 'API keys',
    description: 'Keys of an organisation, each with scopes, a limit and an end of its own.',
  },
  accounts: { name: 'Accounts', description: 'People of this installation: sign-up, confirmed addresses, passwords.' },
  sessions: { name: 'Sessions', description: 'Signing in and out, and what is signed in.' },
  twoFactor: { name: 'Second factor', description: 'Codes of an authenticator beside the password.' },
  limits: { name: 'Limits', description: 'The plan, its limits, and what is used of them.' },
  credits: { name: 'Credits', description: 'The balance, the ledger, and what each run has cost.' },
  billing: { name: 'Billing', description: 'Plan and subscription, checkout and portal at Stripe.' },
  audit: { name: 'Audit', description: 'Who did what: a hash-chained trail that can be checked offline.' },
  alerts: { name: 'Alerts', description: 'Hours of unusual use.' },
  findings: {
    name: 'Findings',
    description: 'What checks have found wrong and could not repair, each with what to do.',
  },
  reconcile: { name: 'Reconciliation', description: 'Everything compared with Stripe and with each other.' },
  orphans: { name: 'Orphans', description: 'For the operator: what belongs to no organisation.' },
  stripe: { name: 'Stripe', description: 'Where Stripe sends its events.' },
  webhooks: { name: 'Webhooks', description: 'For the operator: what Stripe has sent, and what came of it.' },
  tokens: { name: 'Tokens', description: 'For the operator: take back what an issuer of people has given out.' },
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
