import type { OrgId } from '../../contract/ids.ts'
import { deleteAccount, insertAccount, selectAccount } from './accounts.sql.ts'
import type { BillingCore } from './core.ts'
import { readCustomer } from './objects.ts'
import { orgOfCustomer } from './org-of-customer.ts'
import { ask, find, make } from './stripe-failure.ts'

/** A step of onboarding has 20 s; three tries have to fit in. */
const STEP_REQUEST_MS = 5_000
const PAGE = 100
const MAX_LISTED = 2_000
const MAX_FOUND = 5
/** The clocks of this machine and of Stripe may differ. */
const CLOCKS_S = 3_600

export interface OrgNames {
  readonly id: OrgId
  readonly slug: string
  readonly name?: string
  /** Differs once a customer of the organisation was deleted: Stripe would repeat that one for the former key. */
  readonly generation?: number
}

/** The customer that stands for an organisation: found again when there is one, else made. Nothing of it is stored yet. */
export async function ensureCustomer(core: BillingCore, { id, slug, name, generation = 0 }: OrgNames): Promise<string> {
  const there = await findCustomer(core, id)
  if (there !== null) return there
  const metadata = { tenon_org: id, tenon_slug: slug }
  return make(
    `tenon:customer:${id}:${generation}`,
    async (idempotencyKey) => {
      const details = { ...(name === undefined ? {} : { name }), metadata }
      const made = await core.stripe.customers.create(details, { idempotencyKey, timeout: STEP_REQUEST_MS })
      return readCustomer(made).id
    },
    () => findCustomer(core, id),
  )
}

/**
 * By what its metadata says. The search of Stripe lags behind by up to a minute, so that those made since the organisation
 * was are looked through as well, the newest first.
 */
export async function findCustomer(core: BillingCore, org: OrgId): Promise<string | null> {
  const { stripe } = core
  const options = { timeout: STEP_REQUEST_MS }
  const query = `metadata['tenon_org']:'${org}'`
  const found = await ask(() => stripe.customers.search({ query, limit: MAX_FOUND }, options))
  for (const { id } of found.data) if ((await isFree(core, id, org)) && !(await isDeleted(stripe, id))) return id
  let looked = 0
  return ask(async () => {
    const created = { gte: madeAt(org) - CLOCKS_S }
    for await (const one of stripe.customers.list({ created, limit: PAGE }, options)) {
      if (readCustomer(one).metadata?.['tenon_org'] === org && (await isFree(core, one.id, org))) return one.id
      looked += 1
      if (looked >= MAX_LISTED) return null
    }
    return null
  })
}

/** Metadata can be written over at Stripe: one that is another organisation's by our own record stays with it. */
async function isFree(core: BillingCore, customer: string, org: OrgId): Promise<boolean> {
  const owner = await orgOfCustomer(core, customer)
  return owner === null || owner === org
}

async function isDeleted(stripe: BillingCore['stripe'], customer: string): Promise<boolean> {
  const found = await find(async () => readCustomer(await stripe.customers.retrieve(customer)))
  return found === null || found.deleted === true
}

/** Of an organisation that was made before billing was set up, or whose customer was deleted, when it is needed. */
export async function customerOf(core: BillingCore, org: OrgNames): Promise<string> {
  const tenant = core.db.tenant(org.id)
  const [account] = await tenant.read.run(selectAccount, { org: org.id })
  if (account?.customerId) return account.customerId
  const customer = await ensureCustomer(core, { ...org, generation: account?.fence ?? 0 })
  await tenant.write((sql) => sql.run(insertAccount, { org: org.id, customer }))
  const [stored] = await tenant.read.run(selectAccount, { org: org.id })
  return stored?.customerId ?? customer
}

/** One that is deleted already is no mistake. */
export async function deleteCustomer(core: BillingCore, org: OrgId): Promise<void> {
  const tenant = core.db.tenant(org)
  const [account] = await tenant.read.run(selectAccount, { org })
  const customer = account?.customerId ?? (await findCustomer(core, org))
  if (customer !== null)
    await find(() => core.stripe.customers.del(customer, {}, { idempotencyKey: `tenon:customer:delete:${customer}` }))
  await tenant.write((sql) => sql.run(deleteAccount, { org }))
}

const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz'

/** Seconds since 1970: an id begins with the time at which it was made. */
function madeAt(org: OrgId): number {
  const time = org.slice('org_'.length, 'org_'.length + 10).split('')
  return Math.floor(time.reduce((sum, char) => sum * 32 + Math.max(0, ALPHABET.indexOf(char)), 0) / 1000)
}
