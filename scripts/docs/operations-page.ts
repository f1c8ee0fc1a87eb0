import { z } from 'zod'
import { ERROR_CODES, ERRORS, type ErrorCode } from '../../src/contract/errors.ts'
import { OPERATIONS } from '../../src/contract/index.ts'
import { errorsOf, isAbsent, PARTS, takesIdempotencyKey, type Operation } from '../../src/contract/operation.ts'
import { ALL_SCOPES, SCOPES } from '../../src/contract/scopes.ts'
import { exampleRequest } from '../../src/surfaces/rest/openapi-examples.ts'
import { tagOf, tagsOf } from '../../src/surfaces/rest/openapi-tags.ts'
import { answerOf, fieldsOfSchema } from './fields.ts'
import { anchorOf, code, fenced, page, table } from './markdown.ts'

const AUTH: Readonly<Record<Operation['auth'], string>> = {
  public: 'no credential',
  key: 'API key, access token or session of a member',
  session: 'session of a person',
  signature: 'signature over the body',
  root: 'root key',
}
const ENV = {
  key: 'Authorization: Bearer $TENON_API_KEY',
  session: 'Authorization: Bearer $TENON_SESSION',
  root: 'X-Root-Key: $TENON_ROOT_KEY',
  signature: 'Stripe-Signature: $SIGNATURE',
} as const

export function operationsPage(): string {
  const tags = tagsOf(OPERATIONS.map(({ name }) => name))
  const groups = tags.map((tag) => ({
    tag,
    operations: OPERATIONS.filter(({ name }) => tagOf(name).name === tag.name),
  }))
  return page([
    '# Operations',
    'The same operations stand behind REST, MCP and the command line. A running Tenon shows them at `/docs`, where they can be tried; the machine-readable form is `GET /openapi.json`. [Surfaces](surfaces.md) says where each stands.',
    'An answer is `{data, meta?}`, or `{error: {code, message, details?, requestId}}` with a code of [the table of errors](../errors/README.md). A list takes `limit` and `cursor`; `meta.pagination.nextCursor` is the cursor of the next page, and `null` at the end. What changes something takes an `Idempotency-Key`.',
    `Every operation can give ${errorList(COMMON)}; each section has what comes on top of these.`,
    '## Contents',
    groups
      .map(({ tag, operations }) => {
        const links = operations.map(({ name }) => `[${name}](${anchorOf(name)})`)
        return `- [${tag.name}](${anchorOf(tag.name)}): ${links.join(', ')}`
      })
      .join('\n'),
    '## Scopes',
    table(
      ['Scope', 'Allows'],
      ALL_SCOPES.map((scope) => [code(scope), SCOPES[scope]]),
    ),
    ...groups.flatMap(({ tag, operations }) => [
      `## ${tag.name}`,
      tag.description,
      ...operations.flatMap(operationSection),
    ]),
  ])
}

function operationSection(operation: Operation): string[] {
  const { name, method, path, summary, description, status, scope, kind, auth } = operation
  const facts = [
    [
      'Answers',
      `${status}, ${kind === 'events' ? 'server-sent events, each' : '`data` is'} ${answerOf(outputOf(operation))}`,
    ],
    ['Needs', scope === null ? AUTH[auth] : `${AUTH[auth]} with scope ${code(scope)}`],
    ['Repeats', repeatsOf(operation)],
    ...(operation.destructive ? [['Destroys', 'what can not be brought back']] : []),
    ...(Object.keys(operation.drawings).length > 0
      ? [
          [
            'Drawings',
            Object.entries(operation.drawings)
              .map(([format, type]) => `${code(`format=${format}`)} (${type})`)
              .join(', '),
          ],
        ]
      : []),
  ]
  const fields = PARTS.flatMap((part) =>
    fieldsOfSchema(z.toJSONSchema(operation[part], { io: 'input', unrepresentable: 'any' })).map((field) => [
      code(field.name),
      part === 'params' ? 'path' : part,
      field.type,
      field.required ? 'required' : field.byDefault === '' ? '' : code(field.byDefault),
      field.description,
    ]),
  )
  return [
    `### ${name}`,
    code(`${method} ${path}`),
    `${summary}. ${description}`,
    facts.map(([term, text]) => `- ${term}: ${text}`).join('\n'),
    ...(fields.length > 0 ? [table(['Field', 'In', 'Type', 'Default', 'Meaning'], fields)] : []),
    fenced('sh', curlOf(operation)),
    `Errors beyond those of every operation: ${errorList(errorsOf(operation).filter((each) => !COMMON.includes(each)))}.`,
  ]
}

/** What every operation can give. */
const COMMON = ERROR_CODES.filter((each) => OPERATIONS.every((operation) => errorsOf(operation).includes(each)))

function errorList(codes: readonly ErrorCode[]): string {
  const withStatus = codes.map((each) => [code(each), ERRORS[each].httpStatus ?? []].flat().join(' '))
  return withStatus.length === 0 ? 'none' : withStatus.join(', ')
}

function outputOf({ output }: Operation): unknown {
  return z.toJSONSchema(output, { io: 'output', unrepresentable: 'any' })
}

function repeatsOf(operation: Operation): string {
  const again = operation.idempotent ? 'a repeat has no further effect' : 'a repeat does it once more'
  // What people and the operator change stands in no organisation's trail, and takes no key.
  if (!operation.audited && (operation.method === 'GET' || operation.auth === 'key')) return 'it changes nothing'
  return operation.idempotent || !takesIdempotencyKey(operation)
    ? again
    : `${again}, unless it has the same \`Idempotency-Key\``
}

/** A request that the contract takes, for a shell with `TENON_URL` and the key set. */
function curlOf(operation: Operation): string {
  const { params, query, body } = exampleRequest(operation)
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_, field: string) => encodeURIComponent(textOf(params[field])))
  const search = new URLSearchParams(Object.entries(query).map(([field, value]) => [field, textOf(value)])).toString()
  const hasBody = Object.keys(operation.body.shape).length > 0
  const lines = [
    `curl${operation.kind === 'events' ? ' -N' : ''}${operation.method === 'GET' || (hasBody && operation.method === 'POST') ? '' : ` -X ${operation.method}`}`,
    ...(operation.auth === 'public' ? [] : [`-H "${ENV[operation.auth]}"`]),
    ...(hasBody
      ? [`-H 'Content-Type: application/json'`, `-d '${JSON.stringify(body).replaceAll("'", String.raw`'\''`)}'`]
      : []),
    `"$TENON_URL${path}${search === '' ? '' : `?${search}`}"`,
  ]
  return lines.join(' \\\n  ')
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** Where an operation stands, for a table; a reason where it does not. */
export function standsOn(surface: Operation['surfaces']['cli'] | Operation['surfaces']['mcp']): string {
  if (isAbsent(surface)) return `– (${surface.absent})`
  if ('tool' in surface) return code(surface.tool)
  return code(`tenon ${surface.command}${surface.flag === undefined ? '' : ` --${surface.flag.name}`}`)
}
