import type Stripe from 'stripe'
import { settingsFor } from '../../src/app/sandbox-stripe.ts'
import { createBilling, createStripe, type Billing, type StripeSettings } from '../../src/domains/billing/index.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import type { Clock } from '../../src/kernel/ctx.ts'
import { startStripeSandbox, type StripeSandbox } from '../../src/sandbox/stripe/index.ts'
import type { Listening } from '../../src/surfaces/rest/index.ts'
import { silentLog } from './database.ts'
import { listenOn } from './http-node.ts'
import { fieldsOf, PARTS, type CallInputOf, type DataOf, type Operation } from '../../src/contract/operation.ts'
import { ROOT_KEY, startTestNode, type NodeOptions, type TestNode } from './node.ts'

/** A node over HTTP that a simulated Stripe sends its events to. */
export interface BillingNode extends AsyncDisposable {
  readonly node: TestNode
  readonly http: Listening
  readonly sandbox: StripeSandbox
  readonly settings: StripeSettings
  readonly stripe: Stripe
  /** As a person pays at the page of a checkout. */
  pay(session: string): Promise<void>
  /** What the next charge of the customer's card comes to. */
  card(customer: string, state: 'ok' | 'declines'): Promise<void>
  control(path: string, body: object): Promise<Record<string, unknown>>
  /** Nothing is on its way, and nothing waits to be applied. */
  quiet(): Promise<void>
  /** Signs a body as Stripe does, and sends it. */
  deliver(body: string | Buffer, headers?: Record<string, string>): Promise<{ status: number; body: unknown }>
}

/** A Stripe for a node of a test that sells and hears no events. */
export async function startSandboxOnly(): Promise<{ settings: StripeSettings; sandbox: StripeSandbox }> {
  const sandbox = await startStripeSandbox()
  return { sandbox, settings: await settingsFor(sandbox, { webhookUrl: 'http://127.0.0.1:9/v1/stripe/webhook' }) }
}

export async function startBillingNode(options: NodeOptions = {}): Promise<BillingNode> {
  const { sandbox, settings } = await startSandboxOnly()
  const stripe = createStripe(settings)
  const node = await startTestNode({ ...options, stripe: settings })
  const http = await listenOn(node.caller)
  const [endpoint] = (await stripe.webhookEndpoints.list()).data
  await stripe.webhookEndpoints.update(endpoint?.id ?? '', { url: `${http.url}/v1/stripe/webhook` })
  const control = controlOf(sandbox)
  return {
    node,
    http,
    sandbox,
    settings,
    stripe,
    control,
    pay: async (session) => void (await control(`checkout/${session}/complete`, { card: 'ok' })),
    card: async (customer, state) => void (await control(`customers/${customer}/card`, { state })),
    quiet: () => quiet(node, sandbox),
    deliver: async (body, headers = {}) => {
      const text = Buffer.from(body)
      const signed = { 'stripe-signature': signatureOf(text, settings), 'content-type': 'application/json' }
      const response = await fetch(`${http.url}/v1/stripe/webhook`, {
        method: 'POST',
        headers: { ...signed, ...headers },
        body: new Uint8Array(text),
      })
      return { status: response.status, body: await response.json() }
    },
    [Symbol.asyncDispose]: async () => {
      http.drain()
      await http.close(0)
      await node.close()
      await sandbox.close()
    },
  }
}

export function controlOf({ url }: Pick<StripeSandbox, 'url'>): BillingNode['control'] {
  return async (path, body) => {
    const response = await fetch(`${url}/sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const answer = (await response.json()) as Record<string, unknown>
    if (!response.ok) throw new Error(`${path}: ${JSON.stringify(answer)}`)
    return answer
  }
}

export function signatureOf(body: Buffer | string, { webhookSecrets }: StripeSettings, at = Date.now()): string {
  const timestamp = Math.floor(at / 1000)
  return webhooks.generateTestHeaderString({
    payload: String(body),
    secret: webhookSecrets[0] ?? '',
    timestamp,
  })
}

const { webhooks } = createStripe({ secretKey: 'sk_test_of_a_test', baseUrl: 'http://127.0.0.1:9' })
const QUIET_MS = 30_000

async function quiet({ database }: TestNode, { settled }: StripeSandbox): Promise<void> {
  const end = Date.now() + QUIET_MS
  for (;;) {
    await settled()
    const [left] = await database.query<{ n: number }>(
      `select (select count(*) from stripe_events where state = 'received')::int
         + (select count(*) from billing_accounts where sync_state <> 'synced')::int as n`,
    )
    if (left?.n === 0) return
    if (Date.now() > end) throw new Error(`${left?.n} events or syncs are left after ${QUIET_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

/** A call of the operator's. Answers the data; throws the error envelope. */
export async function callAsRoot<Op extends Operation>(
  { caller }: Pick<TestNode, 'caller'>,
  operation: Op,
  input: CallInputOf<Op>,
): Promise<DataOf<Op>> {
  const fields = fieldsOf(operation)
  const parts = PARTS.map((part) => [
    part,
    Object.fromEntries(Object.entries(input).filter(([name]) => fields.get(name) === part)),
  ])
  const outcome = await caller.call(operation, {
    credentials: { rootKey: ROOT_KEY },
    input: Object.fromEntries(parts) as { params: object; query: object; body: object } as never,
    requestId: 'request-of-a-test',
    address: '192.0.2.1',
    signal: new AbortController().signal,
  })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
  return outcome.envelope.data as DataOf<Op>
}

/** Billing of another node, on the same database. */
export function secondBilling({ node, settings }: BillingNode, clock: Clock = systemClock): Billing {
  const owners = { addressesOf: async () => [], queueMail: async () => {} }
  const parts = { db: node.database.db, clock, log: silentLog, publicUrl: 'http://127.0.0.1' }
  return createBilling({ ...parts, settings, owners })
}

/** Its inbox. Answers how to end it. */
export function secondWorker(billing: BillingNode): () => Promise<void> {
  return secondBilling(billing).startWork()
}

/** The variables by which a process is told of it. */
export function stripeEnv({ secretKey, webhookSecrets, prices, baseUrl }: StripeSettings): Record<string, string> {
  const sold = [...prices].map(([price, what]) => `${'plan' in what ? what.plan : `pack-${what.pack}`}=${price}`)
  return {
    TENON_STRIPE_SECRET_KEY: secretKey,
    TENON_STRIPE_WEBHOOK_SECRET: webhookSecrets.join(),
    TENON_STRIPE_PRICES: sold.join(),
    TENON_STRIPE_BASE_URL: baseUrl,
  }
}
