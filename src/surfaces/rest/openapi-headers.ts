import type { ErrorCode } from '../../contract/errors.ts'
import { ERRORS } from '../../contract/errors.ts'
import { takesIdempotencyKey, type Operation } from '../../contract/operation.ts'

type Json = Record<string, unknown>

/** What `call-headers.ts` sends, as the document describes it. */
const HEADERS = {
  'X-Request-ID': { description: 'Names this request in logs', schema: { type: 'string' } },
  'X-Tenon-Version': {
    description: 'Release of the server, and the version of its API: `1.2.3; api=1`',
    schema: { type: 'string' },
  },
  'RateLimit-Limit': {
    description: 'Calls that the limit which is nearest to being reached allows in its window',
    schema: { type: 'integer' },
  },
  'RateLimit-Remaining': { description: 'Calls that are left of it', schema: { type: 'integer' } },
  'RateLimit-Reset': { description: 'Seconds until it begins anew', schema: { type: 'integer' } },
  'RateLimit-Policy': {
    description: 'Every limit that applies, each with its window in seconds: `1000;w=3600, 5000;w=86400`',
    schema: { type: 'string' },
  },
  'Retry-After': { description: 'Seconds to wait before the next try', schema: { type: 'integer' } },
  'Idempotency-Replayed': {
    description: '`true` when the answer is that of an earlier call with the same `Idempotency-Key`',
    schema: { type: 'string', enum: ['true'] },
  },
} as const satisfies Record<string, Json>
type HeaderName = keyof typeof HEADERS

const ALWAYS = [
  'X-Request-ID',
  'X-Tenon-Version',
  'RateLimit-Limit',
  'RateLimit-Remaining',
  'RateLimit-Reset',
  'RateLimit-Policy',
] as const

export const HEADER_COMPONENTS: Json = HEADERS

export function successHeaders(operation: Operation): Json {
  return references([...ALWAYS, ...(takesIdempotencyKey(operation) ? (['Idempotency-Replayed'] as const) : [])])
}

/** Of a response that any of these errors may have caused. */
export function refusalHeaders(codes: readonly ErrorCode[]): Json {
  const passes = codes.some(
    (code) => code === 'idempotency_in_progress' || [429, 503].includes(ERRORS[code].httpStatus ?? 0),
  )
  return references([...ALWAYS, ...(passes ? (['Retry-After'] as const) : [])])
}

/** Malformed, it counts as none. */
const CLIENT_PARAMETER: Json = {
  name: 'X-Tenon-Client',
  in: 'header',
  required: false,
  description:
    'Release of the client and the version of the API that it speaks. One that is no longer spoken is refused with 426.',
  schema: { type: 'string', maxLength: 200, pattern: '^[\\x20-\\x7e]*$' },
  example: 'cli/1.2.3; api=1',
}

export function headerParameters(operation: Operation): Json[] {
  return [...ownParameters(operation), CLIENT_PARAMETER]
}

function ownParameters(operation: Operation): Json[] {
  if (operation.kind === 'events')
    return [
      {
        name: 'Last-Event-ID',
        in: 'header',
        required: false,
        description: 'Id of the last event that was received: the stream goes on after it.',
        schema: { type: 'string', minLength: 1, maxLength: 512 },
      },
    ]
  if (!takesIdempotencyKey(operation)) return []
  return [
    {
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      description:
        'Makes it safe to repeat this request for 24 hours: it has one effect, and each repeat gets the same answer.',
      schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    },
  ]
}

function references(names: readonly HeaderName[]): Json {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))
}
