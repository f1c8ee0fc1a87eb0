import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Keeper } from '../core/state-file.ts'
import { StripeFailure } from '../core/failure.ts'
import { newId } from '../core/ids.ts'
import { DEFAULT_VERSION } from '../core/version.ts'
import { answerApi, authenticate } from './api.ts'
import { failureAnswer, failureOf, jsonAnswer, type Answer } from './answer.ts'
import { readBody } from './body.ts'
import { controlFor, type Controls } from './control.ts'
import { showPage, submitPage } from './pages.ts'

export interface ServerParts {
  readonly controls: Controls
  readonly apiKey: string
  readonly keeper: Keeper
  /** Lets happen what is due by now. */
  readonly tick: () => Promise<void>
  /** Sends what has to be sent. */
  readonly wake: () => void
}

export function createSandboxServer(parts: ServerParts): Server {
  // Keys whose first request is not answered yet.
  const underWay = new Set<string>()
  const server = createServer({ requestTimeout: 30_000, headersTimeout: 10_000 }, (request, response) => {
    void answer(parts, underWay, request)
      .catch((error: unknown) => {
        parts.controls.world.onMistake(`${request.method ?? ''} ${request.url ?? ''}`, error)
        return failureAnswer(failureOf(null))
      })
      .then((given) => send(request, response, given))
      .catch((error: unknown) => {
        parts.controls.world.onMistake(`${request.method ?? ''} ${request.url ?? ''}`, error)
        response.destroy()
      })
  })
  return server
}

async function answer(parts: ServerParts, underWay: Set<string>, request: IncomingMessage): Promise<Answer> {
  const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
  await parts.tick()
  try {
    // By a name of its own, a page of another site would be of the same origin for the browser.
    if (!isOwnHost(request)) return failureAnswer(FOREIGN)
    const given =
      path.startsWith('/v1/') || path === '/v1'
        ? await api(parts, underWay, { request, path, query })
        : await ownPages(parts, request, path)
    await parts.keeper.save()
    return given
  } finally {
    parts.wake()
  }
}

interface Asked {
  readonly request: IncomingMessage
  readonly path: string
  readonly query: string
}

async function api(
  { controls: { world }, apiKey }: ServerParts,
  underWay: Set<string>,
  { request, path, query }: Asked,
): Promise<Answer> {
  const id = newId('request')
  const key = request.method === 'POST' ? headerOf(request, 'idempotency-key') : undefined
  const headers = {
    'request-id': id,
    'stripe-version': headerOf(request, 'stripe-version') ?? DEFAULT_VERSION,
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  }
  const answered = (given: Answer): Answer => ({ ...given, headers: { ...headers, ...given.headers } })
  try {
    authenticate(headerOf(request, 'authorization'), apiKey)
  } catch (error) {
    return answered(failureAnswer(failureOf(error)))
  }
  if (key !== undefined && underWay.has(key)) return answered(failureAnswer(inUse(key)))
  if (key !== undefined) underWay.add(key)
  try {
    const body = await readBody(request)
    if (body === null) return answered(failureAnswer(TOO_LARGE))
    const method = request.method ?? 'GET'
    return answered(answerApi(world, { id, method, path, query, body, header: (name) => headerOf(request, name) }))
  } finally {
    if (key !== undefined) underWay.delete(key)
  }
}

/** Pages and controls: for people and programs on this machine, never for another site in their browser. */
async function ownPages({ controls }: ServerParts, request: IncomingMessage, path: string): Promise<Answer> {
  const { method = 'GET' } = request
  if (method === 'GET' || method === 'HEAD') {
    if (path === '/sandbox/faults') return jsonAnswer(200, controls.faults.now())
    return showPage(controls.world, path) ?? failureAnswer(noPage(method, path))
  }
  if (method !== 'POST') return failureAnswer(noPage(method, path))
  if (!isOwnOrigin(request)) return failureAnswer(FOREIGN)
  const body = await readBody(request)
  if (body === null) return failureAnswer(TOO_LARGE)
  const type = headerOf(request, 'content-type')?.split(';')[0]?.trim().toLowerCase()
  const control = controlFor(path)
  if (control === null) {
    const form = type === 'application/x-www-form-urlencoded' ? new URLSearchParams(body) : null
    return (form === null ? null : await submitPage(controls, path, form)) ?? failureAnswer(noPage(method, path))
  }
  try {
    if (type !== 'application/json') throw NOT_JSON
    return jsonAnswer(200, await control(controls, body))
  } catch (error) {
    return failureAnswer(failureOf(error))
  }
}

function isOwnHost(request: IncomingMessage): boolean {
  const host = headerOf(request, 'host') ?? ''
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/.test(host)
}

function isOwnOrigin(request: IncomingMessage): boolean {
  const origin = headerOf(request, 'origin')
  const site = headerOf(request, 'sec-fetch-site')
  const own =
    origin === undefined ||
    origin === `http://${headerOf(request, 'host') ?? ''}` ||
    (origin === 'null' && site === 'same-origin')
  return own && (site === undefined || site === 'same-origin' || site === 'none')
}

function headerOf(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value[0] : value
}

function send(request: IncomingMessage, response: ServerResponse, { status, body, headers }: Answer): void {
  // What was not read of a body can not be told from the next request.
  const unread = request.complete ? {} : { connection: 'close' }
  response.writeHead(status, { ...headers, ...unread, 'content-length': Buffer.byteLength(body) })
  response.end(request.method === 'HEAD' ? undefined : body)
}

const TOO_LARGE = new StripeFailure(413, { type: 'invalid_request_error', message: 'The body is larger than 1 MB.' })
const FOREIGN = new StripeFailure(403, {
  type: 'invalid_request_error',
  message: 'The sandbox answers this machine only, and no other site.',
})
const NOT_JSON = new StripeFailure(415, {
  type: 'invalid_request_error',
  message: 'Send JSON, with content-type: application/json.',
})

const noPage = (method: string, path: string) =>
  new StripeFailure(404, {
    type: 'invalid_request_error',
    message: `Unrecognized request URL (${method}: ${path.slice(0, 200)}). See /sandbox.`,
  })

const inUse = (key: string) =>
  new StripeFailure(409, {
    type: 'idempotency_error',
    code: 'idempotency_key_in_use',
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key.slice(0, 255)}. Please try again later.`,
  })
