import { execFileSync, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A git server over https on loopback: smart HTTP by `git http-backend`, with a certificate made for the test. */
export interface GitServer {
  /** `https://localhost:<port>` */
  readonly url: string
  readonly port: number
  readonly caFile: string
  /** Paths that were asked for. */
  readonly requests: readonly string[]
  /** Paths that were asked for with a credential, whatever it was. */
  readonly authorized: readonly string[]
  close(): Promise<void>
}

export interface GitServerOptions {
  /** What `/private/…` accepts; anything else is refused. */
  readonly credential?: { readonly username: string; readonly token: string }
}

/**
 * What the first part of a path does to a request; without one of these, it is served as it is.
 *
 * - `redirect`, `redirect-metadata`, `redirect-http`: leads to the same path without it, to the metadata address of a
 *   cloud, to plain http; `redirect-pack` only when the pack is asked for.
 * - `private`: wants the credential, then does what the rest of the path says. `forbidden`: 403. `broken`: 500.
 * - `slow`: 64 KiB at a time, 50 ms apart. `hang`: nothing more after 64 KiB of a pack. `cut`: ends the connection there.
 * - `garbage`: something else than the rest of the pack comes there.
 */
type Mode = (request: IncomingMessage, response: ServerResponse, path: string) => void | Promise<void>

type Dispatch = (request: IncomingMessage, response: ServerResponse, path: string) => void

/** The certificate is for `localhost` and for this name, which no resolver knows. */
export const PINNED_HOST = 'pinned.tenon.test'

const PART_BYTES = 65_536

/** Serves the bare or plain repositories below `root`. */
export async function startGitServer(root: string, dir: string, options: GitServerOptions = {}): Promise<GitServer> {
  const { caFile, keyFile } = makeCertificate(dir)
  const requests: string[] = []
  const authorized: string[] = []
  const dispatch: Dispatch = (request, response, path) => {
    const [, first = '', rest = ''] = /^\/([^/]+)(\/.*)$/.exec(path) ?? []
    const mode = modes[first]
    if (mode === undefined) serve(root, request, path).pipe(response)
    else void mode(request, response, rest)
  }
  const modes = modesOf(root, options, dispatch)
  const server = createServer({ key: readFileSync(keyFile), cert: readFileSync(caFile) }, (request, response) => {
    const path = request.url ?? '/'
    requests.push(path)
    if (request.headers.authorization !== undefined) authorized.push(path)
    dispatch(request, response, path)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `https://localhost:${port}`,
    port,
    caFile,
    requests,
    authorized,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
}

function makeCertificate(dir: string): { caFile: string; keyFile: string } {
  const caFile = join(dir, 'cert.pem')
  const keyFile = join(dir, 'key.pem')
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', keyFile]
  const names = `subjectAltName=DNS:localhost,DNS:${PINNED_HOST}`
  execFileSync(
    'openssl',
    ['req', '-x509', ...key, '-days', '2', '-subj', '/CN=localhost', '-addext', names, '-out', caFile],
    { stdio: 'ignore' },
  )
  return { caFile, keyFile }
}

function modesOf(root: string, { credential }: GitServerOptions, dispatch: Dispatch): Readonly<Record<string, Mode>> {
  const redirect = (to: (path: string) => string): Mode => {
    return (_, response, path) => void response.writeHead(302, { location: to(path) }).end()
  }
  const end = (status: number): Mode => {
    return (_, response) => void response.writeHead(status, { 'content-type': 'text/plain' }).end('no')
  }
  const inParts = (each: (response: ServerResponse, sent: number) => Promise<boolean>): Mode => {
    return async (request, response, path) => {
      let sent = 0
      const isPack = path.endsWith('/git-upload-pack')
      for await (const part of serve(root, request, path).parts(response)) {
        for (let at = 0; at < part.length; at += PART_BYTES) {
          response.write(part.subarray(at, at + PART_BYTES))
          sent += PART_BYTES
          if (isPack && !(await each(response, sent))) return
        }
      }
      response.end()
    }
  }
  return {
    redirect: redirect((path) => path),
    'redirect-metadata': redirect((path) => `https://169.254.169.254${path}`),
    'redirect-http': redirect((path) => `http://localhost${path}`),
    'redirect-pack': (request, response, path) =>
      path.endsWith('/git-upload-pack')
        ? void response.writeHead(307, { location: `https://169.254.169.254${path}` }).end()
        : serve(root, request, path).pipe(response),
    private: (request, response, path) => {
      const wanted = credential && `Basic ${btoa(`${credential.username}:${credential.token}`)}`
      const given = request.headers.authorization
      if (wanted !== undefined && given === wanted) return dispatch(request, response, path)
      const headers = { 'www-authenticate': 'Basic realm="git"', 'content-type': 'text/plain' }
      // Some servers tell what they were given.
      const [, sent = ''] = given?.split(' ') ?? []
      return void response.writeHead(401, headers).end(`refused: ${given ?? ''} ${atob(sent)}\n`)
    },
    forbidden: end(403),
    broken: end(500),
    slow: inParts(async () => sleep(50, true)),
    hang: inParts(async () => false),
    cut: inParts(async (response) => {
      await sleep(100)
      response.destroy()
      return false
    }),
    garbage: inParts(async (response) => {
      response.end(Buffer.from(`0036\x01${'x'.repeat(49)}0000`))
      return false
    }),
  }
}

interface Served {
  pipe(response: ServerResponse): void
  /** The body in parts, when the head was sent. */
  parts(response: ServerResponse): AsyncGenerator<Buffer>
}

function serve(root: string, request: IncomingMessage, path: string): Served {
  async function* parts(response: ServerResponse): AsyncGenerator<Buffer> {
    const child = backend(root, request, path)
    let head: Buffer | null = Buffer.alloc(0)
    for await (const part of child.stdout as AsyncIterable<Buffer>) {
      if (head === null) {
        yield part
        continue
      }
      head = Buffer.concat([head, part])
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) continue
      writeHead(response, head.toString('latin1', 0, end))
      yield head.subarray(end + 4)
      head = null
    }
  }
  return {
    parts,
    pipe: (response) =>
      void (async () => {
        for await (const part of parts(response)) response.write(part)
        response.end()
      })(),
  }
}

function writeHead(response: ServerResponse, text: string): void {
  const headers = text.split('\r\n').map((line) => line.split(/:\s*/, 2) as [string, string])
  const status = Number.parseInt(headers.find(([name]) => name === 'Status')?.[1] ?? '200', 10)
  response.writeHead(status, Object.fromEntries(headers.filter(([name]) => name !== 'Status')))
}

function backend(root: string, request: IncomingMessage, path: string) {
  const url = new URL(path, 'https://localhost')
  const child = spawn('git', ['-c', 'safe.directory=*', 'http-backend'], {
    env: {
      PATH: process.env['PATH'] ?? '',
      GIT_PROJECT_ROOT: root,
      GIT_HTTP_EXPORT_ALL: '1',
      GIT_CONFIG_COUNT: '2',
      GIT_CONFIG_KEY_0: 'safe.directory',
      GIT_CONFIG_VALUE_0: '*',
      GIT_CONFIG_KEY_1: 'uploadpack.allowFilter',
      GIT_CONFIG_VALUE_1: 'true',
      GIT_PROTOCOL: String(request.headers['git-protocol'] ?? ''),
      REQUEST_METHOD: request.method ?? 'GET',
      PATH_INFO: url.pathname,
      QUERY_STRING: url.search.slice(1),
      CONTENT_TYPE: request.headers['content-type'] ?? '',
      HTTP_CONTENT_ENCODING: request.headers['content-encoding'] ?? '',
      REMOTE_ADDR: '127.0.0.1',
    },
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  request.pipe(child.stdin)
  child.stdin.on('error', () => {})
  child.on('error', () => {})
  return child
}
