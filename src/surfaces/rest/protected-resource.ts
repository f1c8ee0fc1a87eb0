import type { Hono } from 'hono'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { METADATA_PATH, type ResourcePath } from '../../kernel/challenge.ts'
import { respond, SECURITY_HEADERS } from './respond.ts'

export interface ProtectedResourceOptions {
  readonly publicUrl: string
  /** Who gives out access tokens; nobody when undefined. */
  readonly issuer?: string | undefined
}

const PATHS: readonly ResourcePath[] = ['', '/mcp']

/** Read by any page, for it is the same for everybody: an agent in a browser begins here. */
const OPEN = { 'access-control-allow-origin': '*' }
const HEADERS = { ...OPEN, 'cache-control': 'public, max-age=600' }
const PREFLIGHT = {
  ...SECURITY_HEADERS,
  ...OPEN,
  'access-control-allow-methods': 'GET',
  'access-control-allow-headers': '*',
  'access-control-max-age': '86400',
}

/** How a client finds out where to get an access token (RFC 9728): for the whole of the API, and for MCP alone. */
export function addProtectedResource(app: Hono, { publicUrl, issuer }: ProtectedResourceOptions): void {
  for (const path of PATHS) {
    const body = JSON.stringify({
      resource: `${publicUrl}${path}`,
      ...(issuer === undefined ? {} : { authorization_servers: [issuer] }),
      scopes_supported: ALL_SCOPES,
      bearer_methods_supported: ['header'],
      resource_name: path === '/mcp' ? 'Tenon MCP' : 'Tenon',
      resource_documentation: `${publicUrl}/docs`,
    })
    app.get(`${METADATA_PATH}${path}`, () => respond(200, body, HEADERS))
    app.options(`${METADATA_PATH}${path}`, () => new Response(null, { status: 204, headers: PREFLIGHT }))
  }
}
