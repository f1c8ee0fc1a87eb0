import { Hono } from 'hono'
import { describe, expect, it } from 'vitest'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { challengeOf } from '../../kernel/challenge.ts'
import { addProtectedResource } from './protected-resource.ts'

const publicUrl = 'https://tenon.example'
function appOf(issuer?: string): Hono {
  const app = new Hono()
  addProtectedResource(app, { publicUrl, issuer })
  return app
}

describe('the description of the protected resource', () => {
  it.each([
    ['', publicUrl, 'Tenon'],
    ['/mcp', `${publicUrl}/mcp`, 'Tenon MCP'],
  ] as const)(
    'is found by the challenge of %j, and says that it is of this very resource',
    async (path, resource, name) => {
      const challenge = challengeOf(publicUrl, undefined, undefined, path)
      const url = /^Bearer resource_metadata="([^"]+)"$/.exec(challenge)?.[1] ?? ''
      const response = await appOf('https://issuer.example/').request(url)
      expect(response.status).toBe(200)
      expect(await response.json()).toEqual({
        resource,
        authorization_servers: ['https://issuer.example/'],
        scopes_supported: ALL_SCOPES,
        bearer_methods_supported: ['header'],
        resource_name: name,
        resource_documentation: `${publicUrl}/docs`,
      })
    },
  )

  it('names no authorization server when there is none', async () => {
    const response = await appOf().request('/.well-known/oauth-protected-resource')
    expect(Object.keys((await response.json()) as object)).not.toContain('authorization_servers')
  })

  it('may be read and kept by any page', async () => {
    for (const path of ['', '/mcp']) {
      const url = `/.well-known/oauth-protected-resource${path}`
      const headers = { origin: 'https://agent.example', 'access-control-request-headers': 'mcp-protocol-version' }
      const preflight = await appOf().request(url, { method: 'OPTIONS', headers })
      expect([preflight.status, preflight.headers.get('access-control-allow-headers')]).toEqual([204, '*'])
      for (const answer of [preflight, await appOf().request(url)])
        expect(answer.headers.get('access-control-allow-origin')).toBe('*')
      expect((await appOf().request(url)).headers.get('cache-control')).toBe('public, max-age=600')
    }
  })
})

describe('a challenge', () => {
  it('says what is wrong, and which scope is missing', () => {
    const metadata = `Bearer resource_metadata="${publicUrl}/.well-known/oauth-protected-resource"`
    expect(challengeOf(publicUrl)).toBe(metadata)
    expect(challengeOf(publicUrl, 'invalid_token')).toBe(`${metadata}, error="invalid_token"`)
    expect(challengeOf(publicUrl, 'insufficient_scope', 'runs:read')).toBe(
      `${metadata}, error="insufficient_scope", scope="runs:read"`,
    )
  })
})
