import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Stripe } from 'stripe'
import { startStripeSandbox, type StripeSandbox, type StripeSandboxOptions } from '../../src/sandbox/stripe/index.ts'

export interface Received {
  readonly body: string
  readonly headers: IncomingHttpHeaders
  readonly event: Stripe.Event
}
export interface Receiver {
  readonly url: string
  readonly received: Received[]
  readonly types: () => string[]
  /** Answers from now on with this status; `null` is no answer at all. */
  answer(status: number | null): void
  close(): Promise<void>
}

/** A server that notes what is posted to it. */
export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  let status: number | null = 200
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (part: string) => (body += part))
    request.on('end', () => {
      received.push({ body, headers: request.headers, event: JSON.parse(body) as Stripe.Event })
      if (status === null) request.socket.destroy()
      else response.writeHead(status, { location: '/elsewhere' }).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    types: () => received.map(({ event }) => event.type),
    answer: (next) => (status = next),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

export interface Sandboxed {
  readonly sandbox: StripeSandbox
  readonly stripe: Stripe
  readonly control: (path: string, body?: object) => Promise<Response>
}

export async function sandboxed(options: StripeSandboxOptions = {}): Promise<Sandboxed> {
  const sandbox = await startStripeSandbox(options)
  return {
    sandbox,
    stripe: clientOf(sandbox),
    control: async (path, body = {}) =>
      fetch(`${sandbox.url}/sandbox/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
  }
}

/** The official library, told only where to call. */
export function clientOf({ url, apiKey }: StripeSandbox, config: Partial<Stripe.StripeConfig> = {}): Stripe {
  const { hostname, port } = new URL(url)
  return new Stripe(apiKey, {
    host: hostname,
    port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  })
}

/** A monthly price of its own product. */
export async function monthly(stripe: Stripe, amount: number, name = 'Solo'): Promise<Stripe.Price> {
  return stripe.prices.create({
    currency: 'usd',
    unit_amount: amount,
    recurring: { interval: 'month' },
    product_data: { name },
  })
}

/** The id behind a reference, expanded or not. */
export function idOf(reference: string | { readonly id: string } | null | undefined): string {
  return typeof reference === 'string' ? reference : (reference?.id ?? '')
}
