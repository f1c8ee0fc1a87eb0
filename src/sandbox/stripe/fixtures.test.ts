import { existsSync, readFileSync } from 'node:fs'
import type Stripe from 'stripe'
import { expect, it } from 'vitest'
import { idOf, monthly, sandboxed } from '../../../test/support/stripe-sandbox.ts'

/** Stripe's own examples of its objects, which are no part of the repository. */
const FIXTURES = new URL('../../../../shared/data/stripe-fixtures-2026-07.json', import.meta.url)

/** Fields of the examples that the pinned version does not have, or that are there only when they are asked for. */
const LEFT_OUT: Readonly<Record<string, readonly string[]>> = {
  customer: [],
  // `default_tax_rates` belongs to taxes, which are not simulated.
  subscription: ['default_tax_rates'],
  subscription_item: [],
  // `subscription` stood on top before 2025-03-31.
  invoice: ['subscription'],
  // Not sent unless it was asked for.
  'checkout.session': ['phone_number_collection'],
  // The card is not simulated.
  dispute: ['payment_method_details'],
  charge: ['refunds'],
}

it('gives its objects the fields that the examples of Stripe have', async ({ skip }) => {
  if (!existsSync(FIXTURES)) skip('the examples of Stripe are not on this machine')
  const { resources } = JSON.parse(readFileSync(FIXTURES, 'utf8')) as { resources: Record<string, object> }
  const { sandbox, stripe, control } = await sandboxed()
  try {
    const customer = await stripe.customers.create({})
    const price = await monthly(stripe, 100)
    const line_items = [{ price: price.id, quantity: 1 }]
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      customer: customer.id,
      line_items,
      success_url: 'http://127.0.0.1:9/',
    })
    await control(`checkout/${session.id}/complete`)
    const [subscription] = (await stripe.subscriptions.list({})).data
    const [invoice] = (await stripe.invoices.list()).data
    const [charge] = (await stripe.charges.list()).data
    const dispute = (await (await control('disputes', { charge: charge?.id })).json()) as Stripe.Dispute
    const other = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: price.id }] })
    const [second] = (await stripe.charges.list()).data
    const made: Record<string, object | undefined> = {
      customer,
      product: await stripe.products.retrieve(idOf(price.product)),
      price,
      subscription,
      subscription_item: other.items.data[0],
      invoice,
      line_item: invoice?.lines.data[0],
      invoice_payment: (await stripe.invoicePayments.list()).data[0],
      'checkout.session': await stripe.checkout.sessions.retrieve(session.id),
      item: (await stripe.checkout.sessions.listLineItems(session.id)).data[0],
      payment_intent: (await stripe.paymentIntents.list()).data[0],
      charge,
      dispute,
      refund: await stripe.refunds.create({ charge: second?.id ?? '' }),
      event: (await stripe.events.list()).data[0],
      webhook_endpoint: await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:9/', enabled_events: ['*'] }),
      'billing_portal.session': await stripe.billingPortal.sessions.create({ customer: customer.id }),
      deleted_customer: await stripe.customers.del(customer.id),
    }
    const missing = Object.entries(made).flatMap(([kind, object]) => {
      const has = new Set(Object.keys(object ?? {}))
      const left = LEFT_OUT[kind] ?? []
      return Object.keys(resources[kind] ?? { 'no example': 1 })
        .filter((name) => !has.has(name) && !left.includes(name))
        .map((name) => `${kind}.${name}`)
    })
    expect(missing).toEqual([])
  } finally {
    await sandbox.close()
  }
})
