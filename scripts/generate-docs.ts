/**
 * Writes the reference pages that come from the contract: `docs/errors/README.md`, `docs/reference/operations.md` and
 * `docs/reference/surfaces.md`. A test compares them with what this makes: `node scripts/generate-docs.ts` after a
 * change of the contract.
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ERROR_CODES, ERRORS } from '../src/contract/errors.ts'
import { OPERATIONS } from '../src/contract/index.ts'
import { errorsOf, isAbsent, PARTS, type Operation } from '../src/contract/operation.ts'
import { ALL_SCOPES, SCOPES } from '../src/contract/scopes.ts'

const NOTE = '<!-- Made by scripts/generate-docs.ts from the contract; do not edit. -->'

/** Path from the repository's root → text. */
export function referencePages(): ReadonlyMap<string, string> {
  return new Map([
    ['docs/errors/README.md', errorsPage()],
    ['docs/reference/operations.md', operationsPage()],
    ['docs/reference/surfaces.md', surfacesPage()],
  ])
}

function errorsPage(): string {
  const rows = ERROR_CODES.map((code) => {
    const { httpStatus, exitCode, retryable, message, recovery } = ERRORS[code]
    return row([`\`${code}\``, httpStatus ?? '–', exitCode, retryable ? 'yes' : 'no', message, recovery])
  })
  return page([
    '# Errors',
    'Every failure has one of these codes on every surface. REST answers `{error: {code, message, details?, requestId}}` with the HTTP status; an MCP tool answers the same envelope with `isError`; the CLI prints message and next step on stderr (with `--json` the envelope on stdout) and ends with the exit code. A code without an HTTP status is only met by local commands. "Retry" says whether the very same call may succeed later.',
    table(['Code', 'HTTP', 'Exit', 'Retry', 'Message', 'What to do'], rows),
  ])
}

function operationsPage(): string {
  return page([
    '# Operations',
    'The same operations stand behind REST, MCP and the CLI. The machine-readable form is `GET /openapi.json`.',
    '## Scopes',
    table(
      ['Scope', 'Allows'],
      ALL_SCOPES.map((scope) => row([`\`${scope}\``, SCOPES[scope]])),
    ),
    ...OPERATIONS.flatMap(operationSection),
  ])
}

function operationSection(operation: Operation): string[] {
  const fields = PARTS.flatMap((part) =>
    Object.entries(operation[part].shape).map(([name, field]) => {
      const { description = '' } = field as { description?: string }
      const optional = (field as unknown as { safeParse(value: unknown): { success: boolean } }).safeParse(
        undefined,
      ).success
      return row([`\`${name}\``, part === 'params' ? 'path' : part, optional ? 'no' : 'yes', description])
    }),
  )
  const facts = [
    `auth: ${operation.auth}`,
    operation.scope === null ? 'no scope' : `scope: \`${operation.scope}\``,
    operation.idempotent ? 'idempotent' : 'not idempotent',
    ...(operation.destructive ? ['destructive'] : []),
  ]
  return [
    `## ${operation.name}`,
    `\`${operation.method} ${operation.path}\` → ${operation.status} · ${facts.join(' · ')}`,
    `${operation.summary}. ${operation.description}`,
    ...(fields.length > 0 ? [table(['Field', 'In', 'Required', 'Meaning'], fields)] : []),
    `Errors: ${errorsOf(operation)
      .map((code) => `\`${code}\``)
      .join(', ')}.`,
  ]
}

function surfacesPage(): string {
  const rows = OPERATIONS.map(({ name, method, path, surfaces: { mcp, cli } }) =>
    row([
      `\`${name}\``,
      `\`${method} ${path}\``,
      isAbsent(mcp) ? `– (${mcp.absent})` : `\`${mcp.tool}\``,
      isAbsent(cli)
        ? `– (${cli.absent})`
        : `\`tenon ${cli.command}${cli.flag === undefined ? '' : ` --${cli.flag.name}`}\``,
    ]),
  )
  return page([
    '# Surfaces',
    'Where each operation stands, or why it does not stand there. The dashboard comes with a later release.',
    table(['Operation', 'REST', 'MCP', 'CLI'], rows),
  ])
}

function row(cells: readonly (string | number)[]): string {
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
}

function table(head: readonly string[], rows: readonly string[]): string {
  return [row(head), row(head.map(() => '---')), ...rows].join('\n')
}

function page(blocks: readonly string[]): string {
  return `${[NOTE, ...blocks].join('\n\n')}\n`
}

if (import.meta.main) {
  const root = new URL('..', import.meta.url)
  for (const [path, text] of referencePages()) writeFileSync(fileURLToPath(new URL(path, root)), text)
}
