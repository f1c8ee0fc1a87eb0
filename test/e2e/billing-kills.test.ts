import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/contract/client.ts'
import { createCheckout, getBilling } from '../../src/contract/billing.ts'
import { getCredits } from '../../src/contract/credits.ts'
import { createStripe } from '../../src/domains/billing/index.ts'
import { controlOf, startSandboxOnly, stripeEnv } from '../support/billing.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { explainFailure, programsOn, type Program, type Programs } from '../support/serve.ts'
import { onboard } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

/** Processes that are killed while they apply what Stripe has sent: the end is the same, and credits are granted once. */
let database: TestDatabase
let programs: Programs
let stripe: Awaited<ReturnType<typeof startSandboxOnly>>
let env: Record<string, string>
let server: Program
beforeAll(async () => {
  database = await createTestDatabase()
  stripe = await startSandboxOnly()
  env = stripeEnv(stripe.settings)
  programs = programsOn(database.url)
  server = await serve()
}, 120_000)
afterAll(async () => {
  await programs.end()
  await stripe.sandbox.close()
  await database.close()
})

/** An API that Stripe sends its events to from now on. */
async function serve(more: Record<string, string> = {}): Promise<Program> {
  const started = await programs.serve({ ...env, ...more })
  const client = createStripe(stripe.settings)
  const [endpoint] = (await client.webhookEndpoints.list()).data
  await client.webhookEndpoints.update(endpoint?.id ?? '', { url: `${started.url}/v1/stripe/webhook` })
  return started
}

const hasEnded = ({ pid }: Program): boolean => {
  try {
    process.kill(pid, 0)
    return false
  } catch {
    return true
  }
}
/** Leases of whoever was killed are over, and what waits for its next try does not wait any longer. */
const hurry = async (): Promise<void> => {
  await database.query("update stripe_events set next_try_at = now() where state = 'received'")
  await database.query("update billing_accounts set next_sync_at = now() where sync_state <> 'synced'")
}
const left = async (): Promise<number> => {
  const [row] = await database.query<{ n: number }>(
    `select (select count(*) from stripe_events where state = 'received')::int
       + (select count(*) from billing_accounts where sync_state <> 'synced')::int as n`,
  )
  return row?.n ?? 0
}

const PLACES = [
  'webhook.stored=kill@3',
  'webhook.claimed=kill@4',
  'webhook.fetched=kill@1',
  'webhook.written=kill@3',
  'webhook.committed=kill@1',
]

describe('SIGKILL', () => {
  for (const [n, place] of PLACES.entries())
    it(`at ${place}: plan in force, credits granted once`, async () => {
      const inServer = place.startsWith('webhook.stored')
      const { apiKey, slug, client } = await onboard(server.url, `kills-${n}`)
      const sessions = [
        (await client.call(createCheckout, { plan: 'solo' })).data.id,
        (await client.call(createCheckout, { pack: 'small' })).data.id,
      ]
      const doomed = inServer
        ? await serve({ TENON_FAILPOINTS: place })
        : await programs.worker({ ...env, TENON_FAILPOINTS: place })
      explainFailure(doomed)
      for (const session of sessions) await controlOf(stripe.sandbox)(`checkout/${session}/complete`, { card: 'ok' })
      await waitFor(async () => hasEnded(doomed), 30_000)
      if (inServer) server = await serve()
      const worker = await programs.worker(env)
      explainFailure(worker, server)
      await stripe.sandbox.settled()
      await hurry()
      await waitFor(async () => (await left()) === 0, 30_000)
      await worker.kill()
      const here = createClient({ url: server.url, apiKey, org: slug, fetch })
      expect((await here.call(getBilling, {})).data).toMatchObject({
        subscribedPlan: 'solo',
        subscription: { status: 'active' },
        sync: { state: 'synced' },
      })
      // Besides them, a worker may give the credits of the month.
      const { grants } = (await here.call(getCredits, {})).data
      const paid = grants
        .map(({ kind, amount }) => `${kind} ${amount}`)
        .filter((text) => /^(?:pack 1000|plan 5000)$/.test(text))
      expect(paid.toSorted()).toEqual(['pack 1000', 'plan 5000'])
    }, 120_000)
})
