import { z } from 'zod'
import { ERRORS, ERROR_CODES, type ErrorCode } from '../../contract/errors.ts'
import { health, VERSION } from '../../contract/health.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { errorsOf, type Operation } from '../../contract/operation.ts'
import { HEADER_COMPONENTS, headerParameters, refusalHeaders, successHeaders } from './openapi-headers.ts'

type Json = Record<string, unknown>

const TAGS: Readonly<Record<string, string>> = {
  organizations: 'Organisations',
  me: 'The caller',
  apiKeys: 'API keys',
  limits: 'Plan, limits and use',
  audit: 'Audit trail',
  repositories: 'Git repositories',
  projects: 'Groups of repositories',
  search: 'Search over indexed code',
  dependencies: 'Imports between files',
  impact: 'What a change affects',
  specs: 'Plans, checked against the index',
  runs: 'Background runs',
  schedules: 'Runs by the clock',
  health: 'Probes',
}
const SECURITY: Readonly<Record<Operation['auth'], Json[]>> = {
  public: [{}],
  key: [{ bearer: [] }, { apiKey: [] }],
  root: [{ rootKey: [] }],
}

/** The OpenAPI 3.1 document of the REST surface, made from the contract. */
export function openApiDocument(publicUrl: string): Json {
  const paths: Record<string, Json> = {}
  for (const operation of OPERATIONS) {
    paths[operation.path] = { ...paths[operation.path], [operation.method.toLowerCase()]: operationObject(operation) }
  }
  for (const [path, summary] of [
    ['/healthz', 'Whether the process lives'],
    ['/readyz', 'Whether it can serve'],
  ] as const) {
    paths[path] = { get: healthObject(path, summary) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Tenon',
      version: VERSION,
      description: 'One contract behind REST, MCP and the command line.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl }],
    tags: Object.entries(TAGS).map(([name, description]) => ({ name, description })),
    paths,
    components: {
      schemas: { Error: errorSchema(), Page: pageSchema() },
      headers: HEADER_COMPONENTS,
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An API key' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        rootKey: { type: 'apiKey', in: 'header', name: 'X-Root-Key', description: "The operator's key" },
      },
    },
  }
}

function operationObject(operation: Operation): Json {
  const { name, summary, description, status, scope } = operation
  const body = Object.keys(operation.body.shape).length > 0
  return {
    operationId: name,
    tags: [name.split('.')[0]],
    summary,
    description: scope === null ? description : `${description}\n\nScope: \`${scope}\`.`,
    security: SECURITY[operation.auth],
    parameters: [
      ...parameters(operation, 'params', 'path'),
      ...parameters(operation, 'query', 'query'),
      ...headerParameters(operation),
    ],
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: schemaOf(operation.body, 'input') } },
          },
        }
      : {}),
    responses: {
      [status]: {
        description: 'Done',
        headers: successHeaders(operation),
        content: contentOf(operation),
      },
      ...errorResponses(errorsOf(operation)),
    },
  }
}

function parameters(operation: Operation, part: 'params' | 'query', place: 'path' | 'query'): Json[] {
  const { properties = {}, required = [] } = schemaOf(operation[part], 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    schema,
  }))
}

/** Of a stream, the schema is that of the data of each event. */
function contentOf(operation: Operation): Json {
  if (operation.kind === 'events') return { 'text/event-stream': { schema: schemaOf(operation.output, 'output') } }
  const drawings = Object.values(operation.drawings).map((type) => [type, { schema: { type: 'string' } }] as const)
  return { 'application/json': { schema: envelopeSchema(operation) }, ...Object.fromEntries(drawings) }
}

/** The schema of what an operation answers; also what an MCP tool says of itself. */
function envelopeSchema(operation: Operation): Json {
  const data = schemaOf(operation.output, 'output')
  return {
    type: 'object',
    properties: { data, ...(operation.paginated ? { meta: { $ref: '#/components/schemas/Page' } } : {}) },
    required: operation.paginated ? ['data', 'meta'] : ['data'],
  }
}

function errorResponses(codes: readonly ErrorCode[]): Json {
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].httpStatus)
  return Object.fromEntries(
    [...byStatus].flatMap(([status, group]) =>
      status === null || status === 499
        ? []
        : [
            [
              String(status),
              {
                description: group.map((code) => `\`${code}\`: ${ERRORS[code].message}`).join('\n\n'),
                headers: refusalHeaders(group),
                content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
              },
            ],
          ],
    ),
  )
}

function healthObject(path: string, summary: string): Json {
  const content = { 'application/json': { schema: schemaOf(health, 'output') } }
  return {
    operationId: path.slice(1),
    tags: ['health'],
    summary,
    security: [{}],
    responses: {
      200: { description: 'Yes', content },
      ...(path === '/readyz' ? { 503: { description: 'Not at the moment', content } } : {}),
      '4XX': {
        description: 'A wrong request',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } },
      },
    },
  }
}

function errorSchema(): Json {
  return schemaOf(
    z.object({
      error: z.object({
        code: z.enum(ERROR_CODES as [ErrorCode]),
        message: z.string(),
        details: z.record(z.string(), z.unknown()).optional(),
        requestId: z.string(),
      }),
    }),
    'output',
  )
}

function pageSchema(): Json {
  return schemaOf(z.object({ pagination: z.object({ nextCursor: z.string().nullable(), limit: z.int() }) }), 'output')
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const {
    $schema: _schema,
    $defs: _defs,
    ...rest
  } = z.toJSONSchema(schema, {
    io,
    reused: 'inline',
    unrepresentable: 'any',
    // Only "any JSON value" refers to itself in the contract, by a place that would not be one of this document.
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema instanceof z.ZodLazy) delete jsonSchema.$ref
    },
  }) as Json
  return rest
}
