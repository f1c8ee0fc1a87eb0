import { OPERATIONS } from '../../src/contract/index.ts'
import { CALLER_LIMITS } from '../../src/contract/plans.ts'
import { isAbsent, type Operation } from '../../src/contract/operation.ts'
import { tagOf, tagsOf } from '../../src/surfaces/rest/openapi-tags.ts'
import { standsOn } from './operations-page.ts'
import { anchorOf, code, page, table } from './markdown.ts'

const WEB = 'to come'

/** What a server answers that is no operation. */
const ADDRESSES = [
  ['`GET /docs`', 'the reference in a browser, to try the operations'],
  ['`GET /openapi.json`', 'the description of REST, OpenAPI 3.1'],
  ['`POST /mcp`', 'MCP by Streamable HTTP; `tenon mcp` offers the same over stdio'],
  ['`GET /healthz`, `GET /readyz`', 'whether the process lives, and whether it can serve'],
  ['`GET /metrics`', 'metrics for Prometheus, to this machine or with `TENON_METRICS_TOKEN`'],
  [
    '`GET /.well-known/oauth-protected-resource`',
    'where access tokens are given out, when `TENON_OAUTH_ISSUER` is set',
  ],
] as const

export function surfacesPage(): string {
  // In the order of the page of operations.
  const tags = tagsOf(OPERATIONS.map(({ name }) => name))
  const operations = tags.flatMap((tag) => OPERATIONS.filter(({ name }) => tagOf(name).name === tag.name))
  const rows = operations.map((operation) => {
    const { name, method, path, surfaces } = operation
    return [
      `[${code(name)}](operations.md${anchorOf(name)})`,
      code(`${method} ${path}`),
      standsOn(surfaces.mcp),
      standsOn(surfaces.cli),
      WEB,
    ]
  })
  const rules = operations.map((operation) => [
    code(operation.name),
    operation.scope === null ? (operation.auth === 'root' ? 'root key' : '–') : code(operation.scope),
    operation.audited ? 'yes' : 'no',
    countsOn(operation),
    [...Object.keys(operation.drawings).map(code), ...(operation.kind === 'events' ? ['server-sent events'] : [])].join(
      ', ',
    ) || '–',
  ])
  return page([
    '# Surfaces',
    `Where each of the ${OPERATIONS.length} operations stands, or why it does not stand there. ${onSurfaces()} All surfaces give the same envelope and the same errors. The dashboard is not part of this release.`,
    table(['Operation', 'REST', 'MCP', 'Command line', 'Dashboard'], rows),
    '## Beside the operations',
    'Served at these addresses, of which only MCP counts as calls. Commands that work on this machine, such as `tenon start`, `tenon doctor` and `tenon audit verify`, are in [the reference of the command line](cli.md), how agents connect in [MCP hosts](../guide/mcp/README.md).',
    table(['Address', 'What for'], ADDRESSES),
    '## Rules',
    `Who may call it, whether it writes an entry of the audit trail (refusals too), and what it counts on beside being a call: what of the plan has to be left before it runs. New repositories and runs are counted in the transaction that makes them, so that no two calls can share the last one. Calls count on the organisation of their credential; without a valid one, ${CALLER_LIMITS.anonymous.calls} in ${CALLER_LIMITS.anonymous.windowSeconds / 60} minutes by address. Drawings and events are for REST alone, and for the commands that ask for them.`,
    table(['Operation', 'Scope', 'Audited', 'Counts on', 'Beside JSON'], rules),
  ])
}

function onSurfaces(): string {
  const [tools, commands] = (['mcp', 'cli'] as const).map(
    (surface) => OPERATIONS.filter(({ surfaces }) => !isAbsent(surfaces[surface])).length,
  )
  return `REST has them all, MCP ${tools} as tools, the command line ${commands} as commands.`
}

function countsOn({ quotas, auth, rescue }: Operation): string {
  const calls = rescue
    ? `${CALLER_LIMITS.rescue.calls} in ${CALLER_LIMITS.rescue.windowSeconds / 60} minutes by key and address, also when no call is left`
    : auth === 'root'
      ? `${CALLER_LIMITS.root.calls} in ${CALLER_LIMITS.root.windowSeconds / 60} minutes by address`
      : 'calls'
  return [calls, ...quotas.map(code)].join(', ')
}
