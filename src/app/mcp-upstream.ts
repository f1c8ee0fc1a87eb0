import { Client, SdkHttpError, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import { isErrorCode, type ErrorEnvelope } from '../contract/errors.ts'
import { VERSION } from '../contract/health.ts'
import { CLIENT_HEADER, headerOf, OWN_RELEASE } from '../contract/release.ts'
import type { Access } from '../surfaces/cli/index.ts'

/** The MCP endpoint of a server, which may be away: it is connected to when it is needed, and again after a failure. */
export interface Upstream {
  /** @throws Refused when the server says no; anything else when it did not answer */
  connected(): Promise<Client>
  /** A request has had no answer: the next one connects anew, and those under way go on. */
  lost(client: Client): void
  close(): Promise<void>
}

/** The server has answered, with an error of the one table. */
export class Refused extends Error {
  readonly envelope: ErrorEnvelope

  constructor(envelope: ErrorEnvelope, cause: unknown) {
    super(envelope.error.message, { cause })
    this.envelope = envelope
  }
}

export function createUpstream(access: Access, send: typeof globalThis.fetch): Upstream {
  let connecting: Promise<Client> | undefined
  let current: Client | undefined
  const connectAnew = async (): Promise<Client> => {
    try {
      current = await connect(access, send)
      return current
    } finally {
      connecting = undefined
    }
  }
  return {
    connected: async () => current ?? (connecting ??= connectAnew()),
    lost: (client) => {
      if (current === client) current = undefined
    },
    close: async () => {
      await current?.close()
    },
  }
}

/** The envelope that an HTTP error has brought. */
export function refusalIn(error: unknown): ErrorEnvelope | undefined {
  if (error instanceof Refused) return error.envelope
  return error instanceof SdkHttpError ? envelopeIn(error.data.text) : undefined
}

async function connect({ url, apiKey }: Access, send: typeof globalThis.fetch): Promise<Client> {
  // The negotiation of the protocol does not hand on what the server has said.
  let said: ErrorEnvelope | undefined
  const listening: typeof globalThis.fetch = async (...args) => {
    const response = await send(...args)
    if (!response.ok) said = envelopeIn(await response.clone().text())
    return response
  }
  const client = new Client({ name: 'tenon-mcp', version: VERSION }, { versionNegotiation: { mode: 'auto' } })
  const headers = { authorization: `Bearer ${apiKey}`, [CLIENT_HEADER]: `mcp/${headerOf(OWN_RELEASE)}` }
  const transport = new StreamableHTTPClientTransport(new URL('/mcp', url), {
    fetch: listening,
    requestInit: { headers },
  })
  try {
    await client.connect(transport, { timeout: CONNECT_MS })
    return client
  } catch (error) {
    // What is thrown is why it could not connect.
    await client.close().catch(() => {})
    throw said === undefined ? error : new Refused(said, error)
  }
}

const CONNECT_MS = 10_000

function envelopeIn(text: unknown): ErrorEnvelope | undefined {
  try {
    const answer = JSON.parse(String(text)) as Partial<ErrorEnvelope> | null
    return isErrorCode(answer?.error?.code) ? (answer as ErrorEnvelope) : undefined
  } catch {
    // What is no JSON is no envelope of ours.
    return undefined
  }
}
