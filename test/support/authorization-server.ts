import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK } from 'jose'

export const CLIENT = { id: 'client-of-a-test', secret: 'secret-of-a-test' }
const MOVED = '/moved'
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'] as const
type Algorithm = (typeof ALGORITHMS)[number]

/** What a token is signed with, and what its header says beside that. */
export interface Signing {
  readonly alg?: Algorithm
  readonly header?: Readonly<Record<string, unknown>>
  /** Of before the last rotation. */
  readonly old?: boolean
}

/** A real authorization server on this machine: metadata, keys, and tokens for a client that knows its secret. */
export interface AuthorizationServer {
  readonly issuer: string
  /** How often each path was asked for. */
  readonly asked: ReadonlyMap<string, number>
  /** What it answers: as it should, nothing that helps, nothing at all, too much, as if it were another, or where to ask instead. */
  mode: 'well' | 'broken' | 'silent' | 'huge' | 'another' | 'moved'
  /** Claims of each token that it gives to its client; those of a user of the organisation, for instance. */
  granted: Readonly<Record<string, unknown>>
  /** A token with these claims beside issuer, subject and a life of five minutes; undefined leaves one out. */
  sign(claims: Readonly<Record<string, unknown>>, signing?: Signing): Promise<string>
  /** The public key as clients get it. */
  publicKey(alg: Algorithm): Promise<JWK>
  /** New keys in place of the old. */
  rotate(): Promise<void>
  close(): Promise<void>
}

interface Key {
  readonly kid: string
  readonly alg: Algorithm
  readonly privateKey: CryptoKey
  readonly publicKey: CryptoKey
}

export interface AuthorizationServerOptions {
  /** Where its metadata is; by RFC 8414 when left out. */
  readonly metadataPath?: string
  /** Of the issuer, below its origin. */
  readonly path?: string
}

export async function startAuthorizationServer(options: AuthorizationServerOptions = {}): Promise<AuthorizationServer> {
  const keys = [await makeKeys(1)]
  const server = createServer((request, response) => void answer(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const asked = new Map<string, number>()
  const self: AuthorizationServer = {
    issuer: `${origin}${options.path ?? ''}`,
    asked,
    mode: 'well',
    granted: {},
    sign: (claims, { old = false, ...signing } = {}) =>
      sign(self.issuer, keys.at(old ? -2 : -1) ?? [], claims, signing),
    publicKey: (alg) => publicJwk(keyOf(keys.at(-1) ?? [], alg)),
    rotate: async () => void keys.push(await makeKeys(keys.length + 1)),
    close: async () => {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { pathname } = new URL(request.url ?? '/', origin)
    asked.set(pathname, (asked.get(pathname) ?? 0) + 1)
    if (self.mode === 'silent') return
    if (self.mode === 'moved' && !pathname.startsWith(MOVED)) {
      response.writeHead(302, { location: `${MOVED}${pathname}` }).end()
      return
    }
    const [status, body] = await answerTo(pathname.replace(MOVED, ''), request)
    const padding = self.mode === 'huge' ? { padding: 'x'.repeat(2 ** 20) } : {}
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ ...body, ...padding }))
  }
  const { metadataPath = `/.well-known/oauth-authorization-server${options.path ?? ''}` } = options
  const answerTo = async (pathname: string, request: IncomingMessage): Promise<[number, object]> => {
    if (self.mode === 'broken') return [500, {}]
    if (pathname === metadataPath) return [200, metadataOf(origin, self)]
    if (pathname === '/keys') return [200, { keys: await Promise.all((keys.at(-1) ?? []).map(publicJwk)) }]
    return pathname === '/token' ? grant(request, self) : [404, {}]
  }
  return self
}

function metadataOf(origin: string, { mode, issuer }: AuthorizationServer): object {
  return {
    issuer: mode === 'another' ? 'https://another.example' : issuer,
    jwks_uri: `${origin}/keys`,
    authorization_endpoint: `${origin}/authorize`,
    token_endpoint: `${origin}/token`,
    response_types_supported: ['code'],
    grant_types_supported: ['client_credentials'],
    token_endpoint_auth_methods_supported: ['client_secret_basic'],
  }
}

async function grant(request: IncomingMessage, server: AuthorizationServer): Promise<[number, object]> {
  const given = new URLSearchParams(await text(request))
  const basic = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString('base64')}`
  if (request.headers.authorization !== basic) return [401, { error: 'invalid_client' }]
  const asked = { aud: given.get('resource') ?? undefined, scope: given.get('scope') ?? undefined }
  const token = await server.sign({ ...asked, ...server.granted })
  return [200, { access_token: token, token_type: 'Bearer', expires_in: 300 }]
}

function sign(
  issuer: string,
  keys: readonly Key[],
  claims: Readonly<Record<string, unknown>>,
  { alg = 'ES256', header = {} }: Signing,
): Promise<string> {
  const { kid, privateKey } = keyOf(keys, alg)
  const now = Math.floor(Date.now() / 1000)
  const standard = { iss: issuer, sub: 'someone@example.org', iat: now, exp: now + 300 }
  return new SignJWT({ ...standard, ...claims })
    .setProtectedHeader({ alg, kid, typ: 'at+jwt', ...header })
    .sign(privateKey)
}

function keyOf(keys: readonly Key[], alg: Algorithm): Key {
  const key = keys.find((each) => each.alg === alg)
  if (key === undefined) throw new Error(`there is no ${alg} key`)
  return key
}

function makeKeys(generation: number): Promise<Key[]> {
  return Promise.all(
    ALGORITHMS.map(async (alg) => ({
      alg,
      kid: `${alg}-${generation}`,
      ...(await generateKeyPair(alg, { extractable: true })),
    })),
  )
}

async function publicJwk({ kid, alg, publicKey }: Key): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
}
