import { z } from 'zod'
import { ERRORS, ERROR_CODES, type ErrorCode } from '../../contract/errors.ts'
import { health, VERSION } from '../../contract/health.ts'
import { OPERATIONS } from '../../contract/index.ts'
import { errorsOf, type Operation } from '../../contract/operation.ts'
import { exampleData, exampleRequest } from './openapi-examples.ts'
import { HEADER_COMPONENTS, headerParameters, refusalHeaders, successHeaders } from './openapi-headers.ts'
import { tagOf, tagsOf } from './openapi-tags.ts'

type Json = Record<string, unknown>

const SECURITY: Readonly<Record<Operation['auth'], Json[]>> = {
  public: [{}],
  key: [{ bearer: [] }, { oauth: [] }, { apiKey: [] }, { session: [] }],
  session: [{ session: [] }],
  root: [{ rootKey: [] }],
  signature: [{ signature: [] }],
}

const SECURITY_SCHEMES: Json = {
  bearer: {
    type: 'http',
    scheme: 'bearer',
    description:
      'An API key of an organisation (`tn_live_…`) in `Authorization: Bearer`. It opens that organisation alone, and does what its scopes allow.',
  },
  oauth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'An access token of the authorization server that the operator has named (`TENON_OAUTH_ISSUER`), in `Authorization: Bearer`. It names the organisation and carries scopes as a key does.',
  },
  apiKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-API-Key',
    description: 'The same API key, for clients that can not set `Authorization`.',
  },
  session: {
    type: 'http',
    scheme: 'bearer',
    description:
      'The session of a person who has signed in (`POST /v1/sessions`), or a token of an issuer of people that the operator has named, in `Authorization: Bearer`; a browser keeps a session in a cookie. It opens the organisations that the person is a member of. `X-Tenon-Org` says which one is meant where the path does not.',
  },
  signature: {
    type: 'apiKey',
    in: 'header',
    name: 'Stripe-Signature',
    description: 'Signature over the exact bytes of the body, made with the secret of the webhook endpoint.',
  },
  rootKey: {
    type: 'apiKey',
    in: 'header',
    name: 'X-Root-Key',
    description: "The operator's key (`TENON_ROOT_KEY`), which makes organisations and sets their limits.",
  },
}

const DESCRIPTION = `One contract behind REST, MCP and the command line.

**Calls.** Send an API key as \`Authorization: Bearer <key>\`. \`{org}\` is the slug or the id of the organisation that the key belongs to; any other answers as if it did not exist.

**Answers.** \`{data, meta?}\`, or \`{error: {code, message, details?, requestId}}\` with a code of one table. A list has \`meta.pagination.nextCursor\`, which is the next request's \`cursor\`, and \`null\` at its end.

**Repeats.** Send \`Idempotency-Key\` with everything that changes something: for 24 hours a repeat has no further effect and gets the same answer.

**Limits.** \`RateLimit-Remaining\` and \`RateLimit-Reset\` say what is left, \`Retry-After\` when to come again.`

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
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: publicUrl, description: 'This installation' }],
    tags: tagsOf([...OPERATIONS.map(({ name }) => name), 'health']),
    paths,
    components: {
      schemas: { Error: errorSchema(), Page: pageSchema() },
      headers: HEADER_COMPONENTS,
      securitySchemes: SECURITY_SCHEMES,
    },
  }
}

function operationObject(operation: Operation): Json {
  const { name, summary, description, status, scope } = operation
  const body = Object.keys(operation.body.shape).length > 0
  return {
    operationId: name,
    tags: [tagOf(name).name],
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
            content: {
              'application/json': {
                schema: schemaOf(operation.body, 'input'),
                example: exampleRequest(operation).body,
              },
            },
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
  const examples = exampleRequest(operation)[part]
  const { properties = {}, required = [] } = schemaOf(operation[part], 'input') as {
    properties?: Record<string, Json>
    required?: string[]
  }
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description === undefined ? {} : { description }),
    ...(name in examples ? { example: examples[name] } : {}),
    schema,
  }))
}

/** Of a stream, the schema is that of the data of each event. */
function contentOf(operation: Operation): Json {
  if (operation.kind === 'events') return { 'text/event-stream': { schema: schemaOf(operation.output, 'output') } }
  const drawings = Object.values(operation.drawings).map((type) => [type, { schema: { type: 'string' } }] as const)
  return {
    'application/json': { schema: envelopeSchema(operation), example: exampleEnvelope(operation) },
    ...Object.fromEntries(drawings),
  }
}

function exampleEnvelope(operation: Operation): Json {
  const data = exampleData(operation)
  return operation.paginated ? { data, meta: { pagination: { nextCursor: null, limit: 50 } } } : { data }
}

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
                content: {
                  'application/json': {
                    schema: { $ref: '#/components/schemas/Error' },
                    examples: Object.fromEntries(group.map((code) => [code, { value: exampleError(code) }])),
                  },
                },
              },
            ],
          ],
    ),
  )
}

function exampleError(code: ErrorCode): Json {
  return { error: { code, message: ERRORS[code].message, requestId: 'req_01jd2m5x8qf3v7w9y0z1a2b3c4' } }
}

function healthObject(path: string, summary: string): Json {
  const content = { 'application/json': { schema: schemaOf(health, 'output') } }
  return {
    operationId: path.slice(1),
    tags: [tagOf('health').name],
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
    override: ({ jsonSchema }) => {
      if (jsonSchema.format === 'date-time') delete jsonSchema.pattern
      // What every number of JavaScript keeps to says nothing about an answer.
      if (io === 'output' && jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum
      if (io === 'output' && jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum
    },
  }) as Json
  // Only "any JSON value" refers to itself in the contract, by a place that would not be one of this document.
  return JSON.parse(JSON.stringify(rest, (key, value: unknown) => (key === '$ref' ? undefined : value))) as Json
}
