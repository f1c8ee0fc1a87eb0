import type { OrgId } from '../../contract/ids.ts'
import type { ClosingStep, OnboardingStep } from '../identity/index.ts'
import { insertAccount, selectAccount } from './accounts.sql.ts'
import type { BillingCore } from './core.ts'
import { deleteCustomer, ensureCustomer } from './customers.ts'
import { ask, find } from './stripe-failure.ts'
import { fetchSubscriptions, syncAccount } from './sync-account.ts'

/** A customer at Stripe belongs to every organisation. What the saga has written of this step is the intent. */
export function stripeCustomerStep(core: BillingCore): OnboardingStep {
  const { db } = core
  return {
    name: 'stripe-customer',
    async run({ id, slug, name }, hold) {
      const [account] = await db.tenant(id).read.run(selectAccount, { org: id })
      if (account?.customerId) return
      const customer = await ensureCustomer(core, { id, slug, name })
      await db.cross('auth', async (sql) => {
        await hold(sql)
        await sql.asTenant(id, (tenant) => tenant.run(insertAccount, { org: id, customer }))
      })
    },
    undo: (org) => deleteCustomer(core, org),
  }
}

const ENDED: ReadonlySet<string> = new Set(['canceled', 'incomplete_expired'])

/**
 * Nobody pays for an organisation that was closed: what could still be paid is closed first, and its subscriptions end at
 * once. The customer stays, with its invoices, but names no organisation any more: it would be one that is missing here.
 */
export function stripeClosingStep(core: BillingCore): ClosingStep {
  return {
    name: 'stripe-subscriptions',
    async run(org) {
      const [account] = await core.db.tenant(org).read.run(selectAccount, { org })
      if (!account?.customerId) return
      for (const id of await openCheckouts(core, account.customerId))
        await find(() => core.stripe.checkout.sessions.expire(id, {}, { idempotencyKey: `tenon:expire:${id}` }))
      for (const { id, status } of await fetchSubscriptions(core.stripe, account.customerId))
        if (!ENDED.has(status))
          await find(() => core.stripe.subscriptions.cancel(id, {}, { idempotencyKey: `tenon:cancel:${id}` }))
      await syncAccount(core, org)
      await forgetOrg(core, account.customerId, org)
    },
  }
}

/** An empty value takes a key of metadata away. */
async function forgetOrg({ stripe }: BillingCore, customer: string, org: OrgId): Promise<void> {
  const metadata = { tenon_org: '', tenon_closed_org: org }
  const idempotencyKey = `tenon:customer:closed:${customer}`
  await find(() => stripe.customers.update(customer, { metadata }, { idempotencyKey }))
}

const PAGE = 100

async function openCheckouts({ stripe }: BillingCore, customer: string): Promise<readonly string[]> {
  const open: string[] = []
  await ask(async () => {
    for await (const { id } of stripe.checkout.sessions.list({ customer, status: 'open', limit: PAGE })) open.push(id)
  })
  return open
}
