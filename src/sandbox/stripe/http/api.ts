import { createHash, timingSafeEqual } from 'node:crypto'
import { expandAll } from '../core/expand.ts'
import { keepsEffects, refused, StripeFailure } from '../core/failure.ts'
import { decodeForm, type RawMap } from '../core/form.ts'
import { list, text } from '../core/params.ts'
import { DEFAULT_VERSION, isVersion } from '../core/version.ts'
import { NO_REQUEST, type World } from '../core/world.ts'
import { happens } from '../events/emit.ts'
import { failureAnswer, failureOf, jsonAnswer, type Answer } from './answer.ts'
import { fingerprint, recall, remember } from './idempotency.ts'
import { routeFor } from './routes.ts'

export interface ApiRequest {
  readonly id: string
  readonly method: string
  readonly path: string
  readonly query: string
  readonly body: string
  readonly header: (name: string) => string | undefined
}

/** Answers a request under /v1. Between its first and its last line nothing else happens. */
export function answerApi(world: World, request: ApiRequest): Answer {
  const { method, path } = request
  try {
    const version = versionOf(request)
    if (happens(world, 'rateLimit')) throw RATE_LIMITED
    if (happens(world, 'error500')) throw BROKEN
    if (request.header('stripe-account') !== undefined) throw noAccount(request)
    const key = method === 'POST' ? request.header('idempotency-key') : undefined
    if (key === undefined || key === '') return run(world, request, version)
    if (key.length > 255) throw refused('Idempotency keys may be at most 255 characters.')
    const print = fingerprint(request)
    const earlier = recall(world, key, print)
    if (earlier !== null) return earlier
    return remember(world, { key, print, requestId: request.id }, () => run(world, request, version))
  } catch (error) {
    const failure = failureOf(error)
    if (failure.status === 500 && failure !== BROKEN) world.onMistake(`${method} ${path}`, error)
    return failureAnswer(failure)
  }
}

function run(world: World, request: ApiRequest, version: string): Answer {
  const found = routeFor(request.method, request.path)
  if (found === null) throw unrecognized(request)
  const params = paramsOf(request)
  const { route, id } = found
  const key = request.header('idempotency-key') ?? null
  world.request = { id: request.id, idempotency_key: request.method === 'POST' ? key : null }
  try {
    const work = (): Answer => {
      const answer = route.run({ world, id, params, version })
      return jsonAnswer(200, expandAll(world, answer, wanted(params), version))
    }
    const done = world.store.transaction(work, keepsEffects)
    return route.method !== 'GET' && happens(world, 'error500After') ? failureAnswer(BROKEN_AFTER) : done
  } finally {
    world.request = NO_REQUEST
  }
}

/** @throws StripeFailure 401 */
export function authenticate(header: string | undefined, apiKey: string): void {
  const [scheme = '', credential = ''] = (header ?? '').split(' ', 2)
  const basic = scheme.toLowerCase() === 'basic'
  const key = basic ? (Buffer.from(credential, 'base64').toString('utf8').split(':')[0] ?? '') : credential
  if (key === '' || !(basic || scheme.toLowerCase() === 'bearer')) {
    throw unauthorized(
      "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY').",
    )
  }
  const digest = (of: string): Buffer => createHash('sha256').update(of).digest()
  if (!timingSafeEqual(digest(key), digest(apiKey))) throw unauthorized(`Invalid API Key provided: ${masked(key)}`)
}

const unauthorized = (message: string) =>
  new StripeFailure(
    401,
    { type: 'invalid_request_error', message },
    { replayable: false, headers: { 'www-authenticate': 'Basic realm="Stripe"' } },
  )

/** Never the key itself. */
const masked = (key: string): string => `${/^(?:sk|rk|pk)_(?:test|live)_/.exec(key)?.[0] ?? ''}${'*'.repeat(8)}`

function versionOf(request: ApiRequest): string {
  const version = request.header('stripe-version') ?? DEFAULT_VERSION
  if (!isVersion(version)) throw refused(`Invalid Stripe API version: ${version.slice(0, 50)}`)
  return version
}

function paramsOf({ method, query, body, header }: ApiRequest): RawMap {
  const type = header('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (body !== '' && type !== 'application/x-www-form-urlencoded') {
    throw refused('Invalid request (check that your POST content type is application/x-www-form-urlencoded).')
  }
  return method === 'GET' ? decodeForm(query) : decodeForm(query, body)
}

function wanted(params: RawMap): string[] {
  const raw = params.get('expand')
  return raw === undefined ? [] : list(text(), { max: 20 })(raw, 'expand')
}

const unrecognized = ({ method, path }: ApiRequest) =>
  new StripeFailure(
    404,
    {
      type: 'invalid_request_error',
      message: `Unrecognized request URL (${method}: ${path.slice(0, 200)}). If you are trying to list objects, remove the trailing slash. If you are trying to retrieve an object, make sure you passed a valid (non-empty) identifier in your code. This is the Stripe sandbox of Tenon, which simulates a part of the API.`,
    },
    { replayable: false },
  )

const noAccount = (request: ApiRequest) =>
  new StripeFailure(
    403,
    {
      type: 'invalid_request_error',
      code: 'account_invalid',
      message: `The provided key does not have access to account '${request.header('stripe-account')?.slice(0, 50) ?? ''}': the sandbox has no connected accounts.`,
    },
    { replayable: false },
  )

const RATE_LIMITED = new StripeFailure(
  429,
  {
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Request rate limit exceeded. This is a fault that was asked for.',
  },
  { replayable: false, headers: { 'stripe-rate-limited-reason': 'global-rate' } },
)
const ERROR = {
  type: 'api_error',
  message: "An error occurred with our connection to Stripe's servers. This is a fault that was asked for.",
} as const
const BROKEN = new StripeFailure(500, ERROR, { replayable: false })
const BROKEN_AFTER = new StripeFailure(500, ERROR, { headers: { 'stripe-should-retry': 'false' } })
