import { join } from 'node:path'
import { Stripe } from 'stripe'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createSession, signUp, verifyEmail } from '../../src/contract/accounts.ts'
import { createCheckout, getBilling } from '../../src/contract/billing.ts'
import { ApiError, createClient, type Client } from '../../src/contract/client.ts'
import { addRepository } from '../../src/contract/code.ts'
import { getCredits } from '../../src/contract/credits.ts'
import { createOrganization, getMe } from '../../src/contract/identity.ts'
import { getLimits } from '../../src/contract/limits.ts'
import { PLANS } from '../../src/contract/plans.ts'
import { reconcileStripe } from '../../src/contract/reconcile.ts'
import { getRun, isEnded } from '../../src/contract/runs.ts'
import { searchCode } from '../../src/contract/search.ts'
import { startStripeSandbox, type Faults, type StripeSandbox } from '../../src/sandbox/stripe/index.ts'
import { createTestDatabase, type TestDatabase } from '../support/database.ts'
import { makeRepository } from '../support/git-repository.ts'
import { PASSWORD, tokenTo } from '../support/person.ts'
import { programsOn, type Program, type Programs } from '../support/serve.ts'
import { ROOT_KEY } from '../support/tenon.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'
import { waitFor } from '../support/wait-for.ts'

const folder = temporaryFolder('customer')
const dataDir = join(folder.path, 'data')
let database: TestDatabase
let sandbox: StripeSandbox
let stripe: Stripe
let programs: Programs
let api: Program

/** An API and a worker as separate processes, with the sandbox's Stripe as their only Stripe. */
beforeAll(async () => {
  database = await createTestDatabase()
  sandbox = await startStripeSandbox({ apiKey: 'sk_test_customer' })
  const { hostname, port } = new URL(sandbox.url)
  stripe = new Stripe(sandbox.apiKey, { host: hostname, port, protocol: 'http', telemetry: false })
  const prices: string[] = []
  for (const [plan, cents] of [
    ['solo', 2_900],
    ['team', 19_900],
  ] as const) {
    const product = await stripe.products.create({ name: plan })
    const recurring = { interval: 'month' } as const
    const { id } = await stripe.prices.create({ product: product.id, currency: 'usd', unit_amount: cents, recurring })
    prices.push(`${plan}=${id}`)
  }
  const endpoint = await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9', enabled_events: ['*'] })
  const env = {
    TENON_DATA_DIR: dataDir,
    TENON_LOCAL_REPOS: folder.path,
    TENON_AUTH_SECRET: 'auth-secret-of-an-end-to-end-test-0123456789',
    TENON_STRIPE_SECRET_KEY: sandbox.apiKey,
    TENON_STRIPE_BASE_URL: sandbox.url,
    TENON_STRIPE_WEBHOOK_SECRET: endpoint.secret ?? '',
    TENON_STRIPE_PRICES: prices.join(),
  }
  programs = programsOn(database.url)
  api = await programs.serve(env)
  await programs.worker(env)
  await stripe.webhookEndpoints.update(endpoint.id, { url: `${api.url}/v1/stripe/webhook` })
}, 120_000)
afterAll(async () => {
  await programs.end()
  await sandbox.close()
  await database.close()
  folder.remove()
})

/** Does what a person does whom a busy provider has turned away: tries again. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let n = 0; ; n++) {
    try {
      return await work()
    } catch (error) {
      const passes = error instanceof ApiError ? error.status >= 500 : error instanceof Stripe.errors.StripeError
      if (!passes || n === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 500))
    }
  }
}

/** The session of somebody who has signed up and confirmed their address. */
async function signedUp(email: string): Promise<string> {
  const anyone = createClient({ url: api.url, fetch })
  await anyone.call(signUp, { email, password: PASSWORD, name: 'Ada' })
  await anyone.call(verifyEmail, { token: await tokenTo({ dir: dataDir }, email) })
  const { data } = await anyone.call(createSession, { email, password: PASSWORD })
  return data.session?.token ?? ''
}

/** Adds repositories, each indexed to its end. */
async function fill(client: Client, slug: string, from: number, to: number): Promise<void> {
  for (let n = from; n <= to; n++) {
    const source = makeRepository(join(folder.path, `${slug}-${n}`), { 'a.ts': `export const needle${n} = ${n}\n` })
    const { data } = await client.call(addRepository, { source })
    await waitFor(async () => isEnded((await client.call(getRun, { run: data.run.id })).data.status), 60_000)
    expect((await client.call(getRun, { run: data.run.id })).data.status).toBe('succeeded')
  }
}

async function refusedRepository(client: Client, slug: string): Promise<unknown> {
  const source = makeRepository(join(folder.path, `${slug}-refused-${Date.now()}`), { a: 'a\n' })
  return client.call(addRepository, { source }).then(
    () => null,
    (error: ApiError) => error.code,
  )
}

/** From the first mail to the last invoice; answers what is left at each station. */
async function lifeOf(slug: string, mend: () => Promise<unknown>): Promise<object> {
  const session = await signedUp(`ada@${slug}.example.org`)
  const person = createClient({ url: api.url, apiKey: session, org: slug, fetch })
  const made = await patiently(() =>
    person.call(createOrganization, { slug, name: slug }, { idempotencyKey: `onboard-${slug}` }),
  )
  const client = createClient({ url: api.url, apiKey: made.data.apiKey.secret, org: slug, fetch })
  const planIs = (plan: string) => async () => {
    await mend()
    return (await client.call(getLimits, {})).data.plan === plan
  }
  const me = (await person.call(getMe, {})).data
  expect(me).toMatchObject({ plan: 'free', role: 'owner', org: { slug } })

  await fill(client, slug, 1, PLANS.free.repositories)
  expect(await refusedRepository(client, slug)).toBe('quota_exceeded')

  const checkout = await patiently(() => person.call(createCheckout, { plan: 'solo' }))
  const paid = await fetch(`${sandbox.url}/sandbox/checkout/${checkout.data.id}/complete`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  })
  expect(paid.status).toBe(200)
  await waitFor(planIs('solo'), 60_000)
  await fill(client, slug, PLANS.free.repositories + 1, PLANS.free.repositories + 1)
  const found = await client.call(searchCode, { q: `needle${PLANS.free.repositories + 1}` })
  expect(found.data.total).toBe(1)
  await waitFor(async () => {
    await mend()
    return (await client.call(getCredits, {})).data.available >= PLANS.solo.creditsPerMonth
  }, 60_000)
  const subscribed = await stateOf(client)

  const billing = (await client.call(getBilling, {})).data
  await patiently(() => stripe.subscriptions.cancel(billing.subscription?.id ?? ''))
  await waitFor(planIs('free'), 60_000)
  expect(await refusedRepository(client, slug)).toBe('quota_exceeded')
  return { subscribed, cancelled: await stateOf(client) }
}

/** As it is once what was tried again has held. */
async function stateOf(client: Client): Promise<object> {
  await waitFor(async () => (await client.call(getBilling, {})).data.sync.state === 'synced', 60_000)
  const { plan, subscribedPlan, subscription, sync } = (await client.call(getBilling, {})).data
  const { available, reserved, grants } = (await client.call(getCredits, {})).data
  const kinds = grants.map(({ kind, amount }) => `${kind} ${amount}`).toSorted()
  return { plan, subscribedPlan, status: subscription?.status, sync: sync.state, available, reserved, grants: kinds }
}

/** What the ledger says against what the accounts say; nothing when they agree. */
const drift = () =>
  database.query(
    `select a.org_id from credit_accounts a
     left join (select org_id, sum(d_available) as available, sum(d_reserved) as reserved from credit_entries group by 1) e
       on e.org_id = a.org_id
     where a.available <> coalesce(e.available, 0) or a.reserved <> coalesce(e.reserved, 0)`,
  )

let calm: object

it('leads a customer from the sign-up through a subscription to its end', async () => {
  calm = await lifeOf('calm', async () => {})
  expect(calm).toMatchObject({
    subscribed: { plan: 'solo', subscribedPlan: 'solo', status: 'active', reserved: 0 },
    cancelled: { plan: 'free', subscribedPlan: null, reserved: 0 },
  })
  expect(await drift()).toEqual([])
}, 240_000)

it('comes to the same end with every fault of the provider, and with nothing lost or doubled', async () => {
  const faults: Partial<Faults> = {
    seed: 8,
    duplicate: 0.5,
    reorder: 0.5,
    delayMs: 300,
    lose: 0.2,
    drop: 0.3,
    rateLimit: 0.1,
    error500: 0.1,
    error500After: 0.1,
  }
  sandbox.faults(faults)
  const operator = createClient({ url: api.url, rootKey: ROOT_KEY, fetch })
  const mend = () => patiently(() => operator.call(reconcileStripe, {}))
  expect(await lifeOf('stormy', mend)).toEqual(calm)
  expect(await drift()).toEqual([])
}, 300_000)
