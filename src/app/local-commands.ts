import { EXIT } from '../contract/errors.ts'
import type { LocalCommand } from '../surfaces/cli/index.ts'
import { httpFetch } from '../platform/http/fetch.ts'
import { required, type Config } from './config.ts'

export interface LocalSurroundings {
  /** Read when a command needs it. @throws TenonError `config_invalid` */
  readonly config: () => Config
  /** A line on the standard output. */
  readonly say: (line: string) => void
}

/** The commands that are no operations: they run on this machine. What each of them needs is loaded when it runs. */
export function localCommands(surroundings: LocalSurroundings): readonly LocalCommand[] {
  return [...processCommands(surroundings), ...otherCommands(surroundings)]
}

function processCommands({ config, say }: LocalSurroundings): readonly LocalCommand[] {
  return [
    {
      name: 'start',
      summary: 'Start everything in this process, with a demo on the first start',
      description:
        'Start API, worker and an embedded PostgreSQL in this process, on one data folder; what is missing is made. The first start also makes an organisation with a key for the command line, and indexes the checkout that Tenon runs from. Ctrl-C stops everything. With --json, each message is a line of JSON.',
      examples: [
        'tenon start',
        'TENON_PORT=8080 TENON_DEMO=0 tenon start   # another port, no demo',
        'TENON_DATA_DIR=/srv/tenon tenon start   # another data folder',
      ],
      run: async ({ json }) => (await import('./start.ts')).start(config(), linesOf(json, say)),
    },
    {
      name: 'serve',
      summary: 'Start an API process on DATABASE_URL',
      description:
        'Start a process that answers REST and MCP, one of any number on the same database and data folder. It needs DATABASE_URL, TENON_ROOT_KEY, TENON_QUEUE_KEY and TENON_AUTH_SECRET, and migrates the database first. Logs are lines of JSON on the standard output.',
      examples: ['DATABASE_URL=postgresql://db.example.org/tenon tenon serve', 'TENON_HOST=0.0.0.0 tenon serve'],
      run: async ({ json }) => (await import('./serve.ts')).serve(config(), 'api', linesOf(json, say)),
    },
    {
      name: 'worker',
      summary: 'Start a worker process on DATABASE_URL',
      description:
        'Start a process that works on runs, one of any number on the same database and data folder. It needs what `tenon serve` needs. When it is stopped, others take over what it could not end.',
      examples: ['DATABASE_URL=postgresql://db.example.org/tenon tenon worker', 'LOG_LEVEL=debug tenon worker'],
      run: async ({ json }) => (await import('./serve.ts')).serve(config(), 'worker', linesOf(json, say)),
    },
    {
      name: 'migrate',
      summary: 'Bring DATABASE_URL to the version of this release',
      description:
        'Apply the migrations that the database does not have yet, each whole or not at all; with none left, nothing is done. Run it once for each release, before its nodes. TENON_MIGRATION_DATABASE_URL names the role that owns the database, where nodes use another.',
      examples: ['DATABASE_URL=postgresql://db.example.org/tenon tenon migrate', 'tenon migrate --json'],
      run: ({ json }) => migrateCommand(config(), { json, say }),
    },
  ]
}

function otherCommands({ config, say }: LocalSurroundings): readonly LocalCommand[] {
  return [
    {
      name: 'doctor',
      summary: 'Find what is wrong and say what to do',
      description:
        'Look at everything that Tenon needs on this machine and at the server that the command line talks to: Node, git, data folder, database, port, master key, server, API key, clock and settings. Ends with 1 when something fails; a warning alone does not count.',
      examples: ['tenon doctor', 'tenon doctor --json', 'tenon doctor --url https://tenon.example.org'],
      run: async ({ json, colors, width, url, access }) =>
        (await import('./doctor.ts')).doctor({ config, url, access, fetch: httpFetch, json, colors, width, say }),
    },
    {
      name: 'mcp',
      summary: 'Serve MCP over stdio to an agent on this machine',
      description:
        'Hand what a host of agents asks over standard input to the MCP endpoint of the server, and its answers back. A host starts it and ends it: see docs/guide/mcp. It may be started before the server, and outlives its restarts. Nothing but JSON-RPC is written to the standard output.',
      examples: ['tenon mcp', 'claude mcp add tenon -- npx tenon mcp', 'tenon mcp --url https://tenon.example.org'],
      run: async ({ access }) => (await import('./mcp-stdio.ts')).mcpOverStdio(access(), httpFetch),
    },
    {
      name: 'sandbox',
      summary: 'Start a Stripe of your own, without real money',
      description:
        'Start a simulator of Stripe billing that the official library talks to: customers, checkout, subscriptions, invoices, refunds, disputes and signed webhooks, with a clock that you advance and faults that you choose. It answers this machine only.',
      options: [
        {
          name: 'port',
          value: 'number',
          description: 'where it listens on 127.0.0.1 (default 7421; 0 is any free one)',
        },
        { name: 'state', value: 'file', description: 'file that its state is kept in' },
      ],
      examples: ['tenon sandbox', 'tenon sandbox --state stripe.json', 'tenon sandbox --port 0 --json'],
      run: async ({ json, options: { port, state } }) =>
        (await import('./sandbox-command.ts')).sandbox({ port, state, json, say }),
    },
    {
      name: 'audit verify',
      summary: 'Check an exported audit trail, without a server',
      description:
        'Follow the hash chain of what `tenon audit export` wrote, and name the first entry that was changed, left out or added. With --head, a hash that was noted before, it also finds a trail whose end was cut off.',
      args: [{ name: 'file', description: 'exported trail, one entry per line; `-` is the standard input' }],
      options: [
        { name: 'head', value: 'sha256', description: 'hash that the last entry has to have' },
        { name: 'org-id', value: 'id', description: 'organisation whose trail it has to be, from its first entry on' },
      ],
      examples: ['tenon audit verify audit.jsonl', 'tenon audit export | tenon audit verify -'],
      run: async ({ json, args, options: { head, 'org-id': org } }) =>
        (await import('./verify-audit.ts')).verifyAudit({ file: args['file'] ?? '-', head, org, json, say }),
    },
  ]
}

/** What a process says of itself, for programs as one object on each line. */
function linesOf(json: boolean, say: (line: string) => void): (line: string) => void {
  return json ? (line) => say(JSON.stringify({ message: line.trim() })) : say
}

async function migrateCommand(
  { databaseUrl, migrationDatabaseUrl }: Config,
  { json, say }: { readonly json: boolean; readonly say: (line: string) => void },
): Promise<number> {
  const { DATABASE_URL } = required({ DATABASE_URL: migrationDatabaseUrl ?? databaseUrl })
  const { migrateDatabase } = await import('./node.ts')
  const applied = await migrateDatabase(DATABASE_URL)
  say(
    json
      ? JSON.stringify({ data: { applied } })
      : applied.length === 0
        ? 'Nothing to do.'
        : applied.map((name) => `applied ${name}`).join('\n'),
  )
  return EXIT.done
}
