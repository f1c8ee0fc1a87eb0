import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../src/contract/client.ts'
import { createOrganization, getMe, onboardOrganization } from '../../src/contract/identity.ts'
import type { Failpoint } from '../../src/kernel/failpoint.ts'
import { startStripeSandbox, type StripeSandbox } from '../../src/sandbox/stripe/index.ts'
import { AUTH_SECRETS, startTestNode, type TestNode } from '../support/node.ts'
import { newPerson, type TestPerson } from '../support/person.ts'
import { explainFailure, programsOn, type Program, type Programs } from '../support/serve.ts'
import { ROOT_KEY } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'

/** Steps of an onboarding: organisation, owner, customer at Stripe, welcome credits. */
const STEPS = 4
const DEATHS: readonly { readonly at: Failpoint; readonly pass: number }[] = [
  { at: 'onboarding.begun', pass: 1 },
  ...Array.from({ length: STEPS }, (_, n) => ({ at: 'onboarding.stepped', pass: n + 1 }) as const),
  { at: 'onboarding.ending', pass: 1 },
  { at: 'onboarding.ended', pass: 1 },
]

let node: TestNode
let stripe: StripeSandbox
let programs: Programs
let person: TestPerson
/** Kills nothing. */
let after: Program
let env: Readonly<Record<string, string>>

beforeAll(async () => {
  node = await startTestNode()
  stripe = await startStripeSandbox()
  programs = programsOn(node.database.url)
  person = await newPerson(node, 'founder')
  env = {
    TENON_AUTH_SECRET: AUTH_SECRETS[0],
    TENON_STRIPE_SECRET_KEY: stripe.apiKey,
    TENON_STRIPE_WEBHOOK_SECRET: 'whsec_of_an_end_to_end_test',
    TENON_STRIPE_BASE_URL: stripe.url,
  }
  after = await programs.serve(env)
}, 120_000)
afterAll(async () => {
  await programs.end()
  await stripe.close()
  await node.close()
})

const BY = {
  'a person': (url: string, slug: string, idempotencyKey: string) =>
    createClient({ url, apiKey: person.session, fetch }).call(
      createOrganization,
      { slug, name: slug },
      { idempotencyKey },
    ),
  'the operator': (url: string, slug: string, idempotencyKey: string) =>
    createClient({ url, rootKey: ROOT_KEY, fetch }).call(onboardOrganization, { slug, name: slug }, { idempotencyKey }),
}

async function leftOf(slug: string): Promise<object> {
  const count = `select count(*)::int from`
  const [rows] = await node.database.query<Record<string, number>>(
    `select count(*)::int as orgs,
       sum((${count} api_keys k where k.org_id = o.org_id)) ::int as keys,
       sum((${count} members m where m.org_id = o.org_id)) ::int as owners,
       sum((${count} credit_grants g where g.org_id = o.org_id and g.source = 'welcome')) ::int as gifts,
       sum((${count} audit_entries a where a.org_id = o.org_id and a.action like 'organizations.%')) ::int as audited
     from organizations o where slug = $1`,
    [slug],
  )
  const journal = await node.database.query<{ state: string }>('select state from onboardings where slug = $1', [slug])
  const headers = { authorization: `Bearer ${stripe.apiKey}` }
  const { data } = (await (await fetch(`${stripe.url}/v1/customers?limit=100`, { headers })).json()) as {
    data: { metadata: Record<string, string> }[]
  }
  const customers = data.filter(({ metadata }) => Object.values(metadata).includes(slug)).length
  return { ...rows, customers, journal: journal.map(({ state }) => state) }
}

describe('SIGKILL while an organisation is made', () => {
  for (const [who, make] of Object.entries(BY))
    for (const { at, pass } of who === 'a person' ? DEATHS : DEATHS.slice(-2))
      it(`by ${who}, at ${at} (${pass}): the repeat makes one of everything`, async () => {
        const slug = `${who === 'a person' ? 'own' : 'given'}-${at.replace('.', '-')}-${pass}`
        const doomed = await programs.serve({ ...env, TENON_FAILPOINTS: `${at}=kill@${pass}` })
        explainFailure(doomed, after)
        await expect(make(doomed.url, slug, slug)).rejects.toMatchObject({ code: 'server_unreachable' })
        // The time is over for which nobody takes over what may still be worked on.
        await node.database.query("update onboardings set lease_until = now() - interval '1 hour' where slug = $1", [
          slug,
        ])
        const { data } = await make(after.url, slug, slug)
        const owners = who === 'a person' ? 1 : 0
        const one = { orgs: 1, keys: 1, owners, gifts: 1, audited: 1, customers: 1, journal: ['done'] }
        expect(await leftOf(slug)).toEqual(one)
        const me = await createClient({ url: after.url, apiKey: data.apiKey.secret, fetch }).call(getMe, {})
        expect(me.data.org?.slug).toBe(slug)
        // And once more.
        expect((await make(after.url, slug, slug)).data).toEqual(data)
        expect(await leftOf(slug)).toEqual(one)
      }, 60_000)

  it('without a repeat is undone by the sweep: nothing is left, at Stripe neither', async () => {
    const slug = 'abandoned'
    const doomed = await programs.serve({ ...env, TENON_FAILPOINTS: `onboarding.stepped=kill@${STEPS}` })
    explainFailure(doomed)
    await expect(BY['a person'](doomed.url, slug, slug)).rejects.toMatchObject({ code: 'server_unreachable' })
    expect(await leftOf(slug)).toMatchObject({ orgs: 1, keys: 0, customers: 1 })
    await node.database.query("update onboardings set lease_until = now() - interval '1 hour' where slug = $1", [slug])
    const worker = await programs.worker(env)
    explainFailure(worker)
    await waitFor(async () => JSON.stringify(await leftOf(slug)).includes('undone'), 90_000)
    expect(await leftOf(slug)).toMatchObject({ orgs: 0, customers: 0, journal: ['undone'] })
  }, 120_000)
})
