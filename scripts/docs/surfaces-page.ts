import { OPERATIONS } from '../../src/contract/index.ts'
import { CALLER_LIMITS } from '../../src/contract/plans.ts'
import type { Operation } from '../../src/contract/operation.ts'
import { standsOn } from './operations-page.ts'
import { anchorOf, code, page, table } from './markdown.ts'

const WEB = 'comes with the dashboard'

export function surfacesPage(): string {
  const rows = OPERATIONS.map((operation) => {
    const { name, method, path, surfaces } = operation
    return [
      `[${code(name)}](operations.md${anchorOf(name)})`,
      code(`${method} ${path}`),
      standsOn(surfaces.mcp),
      standsOn(surfaces.cli),
      WEB,
    ]
  })
  const rules = OPERATIONS.map((operation) => [
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
    'Where each operation stands, or why it does not stand there. All surfaces give the same envelope and the same errors.',
    table(['Operation', 'REST', 'MCP', 'Command line', 'Dashboard'], rows),
    '## Rules',
    `Who may call it, whether it writes an entry of the audit trail (refusals too), and what it counts on beside being a call: what of the plan has to be left before it runs. New repositories and runs are counted in the transaction that makes them, so that no two calls can share the last one. Calls count on the organisation of their credential; without a valid one, ${CALLER_LIMITS.anonymous.calls} in ${CALLER_LIMITS.anonymous.windowSeconds / 60} minutes by address. Drawings and events are for REST alone, and for the commands that ask for them.`,
    table(['Operation', 'Scope', 'Audited', 'Counts on', 'Beside JSON'], rules),
  ])
}

function countsOn({ quotas, auth, rescue }: Operation): string {
  const calls = rescue
    ? `${CALLER_LIMITS.rescue.calls} in ${CALLER_LIMITS.rescue.windowSeconds / 60} minutes by key and address, also when no call is left`
    : auth === 'root'
      ? `${CALLER_LIMITS.root.calls} in ${CALLER_LIMITS.root.windowSeconds / 60} minutes by address`
      : 'calls'
  return [calls, ...quotas.map(code)].join(', ')
}
