import { headerOf, OWN_RELEASE, SERVER_HEADER } from '../../contract/release.ts'

/** Of every response, whoever made it. */
export const SECURITY_HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cache-control': 'no-store',
  [SERVER_HEADER]: headerOf(OWN_RELEASE),
} as const

const JSON_HEADERS = { 'content-type': 'application/json; charset=utf-8', ...SECURITY_HEADERS }

/**
 * JSON, unless the headers name another type: a response made at once from a string and a plain record, which @hono/node-server writes as they are. Whoever reads
 * or changes its headers afterwards makes it build a `Headers`, which costs more than the rest of the surface.
 */
export function respond(status: number, body: string, headers?: Readonly<Record<string, string>>): Response {
  return new Response(body, { status, headers: { ...JSON_HEADERS, ...headers } })
}
