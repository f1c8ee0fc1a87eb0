import { documentedVariables, type DocumentedVariable } from '../../src/app/variables.ts'
import { anchorOf, code, page, table } from './markdown.ts'

interface Group {
  readonly title: string
  readonly text: string
  readonly has: (name: string) => boolean
}

const starts =
  (...prefixes: readonly string[]) =>
  (name: string): boolean =>
    prefixes.some((prefix) => name.startsWith(prefix))

/** The first group that has a variable gets it. */
const GROUPS: readonly Group[] = [
  {
    title: 'Command line',
    text: 'Read by the commands that call a server.',
    has: (name) => ['TENON_URL', 'TENON_API_KEY', 'TENON_ORG', 'NO_COLOR', 'FORCE_COLOR', 'TERM'].includes(name),
  },
  {
    title: 'Database and secrets',
    text: '`start` makes what is missing here; `serve` and `worker` have to be given it.',
    has: (name) => name.endsWith('DATABASE_URL') || /^TENON_(?:ROOT|QUEUE|MASTER)_KEY/.test(name),
  },
  {
    title: 'Repositories and index',
    text: 'Where code comes from, and how much of a machine its index may use.',
    has: starts('TENON_GIT_', 'TENON_LOCAL_', 'TENON_MIRROR_', 'TENON_INDEX_'),
  },
  {
    title: 'Access tokens',
    text: 'Tokens of an authorization server of your own, accepted beside API keys.',
    has: starts('TENON_OAUTH_'),
  },
  {
    title: 'Telemetry',
    text: 'Logs, metrics, traces and errors. Nothing is sent anywhere unless it is set here.',
    has: starts('OTEL_', 'SENTRY_', 'LOG_', 'TENON_METRICS_'),
  },
  { title: 'Server', text: 'Where a node listens and how it works.', has: () => true },
]
const ORDER = ['Server', 'Database and secrets', 'Repositories and index', 'Access tokens', 'Telemetry', 'Command line']

export function environmentPage(): string {
  const variables = documentedVariables()
  const groups = Map.groupBy(variables, ({ name }) => GROUPS.find(({ has }) => has(name))?.title ?? 'Server')
  return page([
    '# Environment',
    'Every variable that Tenon reads. They are read once, at the start, and checked: what is wrong is named, and nothing starts. An empty variable counts as one that is not set. `tenon start` needs none.',
    ORDER.map((title) => `[${title}](${anchorOf(title)})`).join(' · '),
    ...ORDER.flatMap((title) => {
      const found = groups.get(title) ?? []
      if (found.length === 0) return []
      const text = GROUPS.find((group) => group.title === title)?.text ?? ''
      return [`## ${title}`, text, tableOf(found)]
    }),
  ])
}

function tableOf(variables: readonly DocumentedVariable[]): string {
  const someNeeded = variables.some(({ name }) => name in NEEDED)
  const rows = variables.map(({ name, byDefault, description }) => [
    code(name),
    byDefault === undefined ? '' : code(byDefault),
    ...(someNeeded ? [neededBy(name)] : []),
    `${description}.`,
  ])
  return table(['Variable', 'Default', ...(someNeeded ? ['Needed by'] : []), 'Meaning'], rows)
}

/** What does not start without it. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  DATABASE_URL: ['serve', 'worker', 'migrate'],
  TENON_ROOT_KEY: ['serve', 'worker'],
  TENON_QUEUE_KEY: ['serve', 'worker'],
  TENON_AUTH_SECRET: ['serve', 'worker'],
}

function neededBy(name: string): string {
  return (NEEDED[name] ?? []).map((command) => code(command)).join(', ')
}
