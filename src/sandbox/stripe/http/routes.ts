import type { Route } from '../resources/route.ts'
import { checkoutSessions } from '../resources/checkout-sessions.ts'
import { customers } from '../resources/customers.ts'
import { disputes } from '../resources/disputes.ts'
import { events } from '../resources/events.ts'
import { invoices } from '../resources/invoices.ts'
import { payments } from '../resources/payments.ts'
import { portalSessions } from '../resources/portal-sessions.ts'
import { prices } from '../resources/prices.ts'
import { products } from '../resources/products.ts'
import { refunds } from '../resources/refunds.ts'
import { subscriptions } from '../resources/subscriptions.ts'
import { webhookEndpoints } from '../resources/webhook-endpoints.ts'

/** Fixed paths stand before those with an id in the same place. */
const ROUTES: readonly Route[] = [
  ...customers,
  ...products,
  ...prices,
  ...checkoutSessions,
  ...subscriptions,
  ...invoices,
  ...payments,
  ...refunds,
  ...disputes,
  ...portalSessions,
  ...events,
  ...webhookEndpoints,
]
const COMPILED = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^${route.path.replace(':id', '([^/]{1,255})')}$`),
}))

export function routeFor(method: string, path: string): { readonly route: Route; readonly id: string } | null {
  for (const { route, pattern } of COMPILED) {
    const match = route.method === method ? pattern.exec(path) : null
    if (match !== null) return { route, id: decoded(match[1] ?? '') }
  }
  return null
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // No id looks like this: it will not be found.
    return text
  }
}
