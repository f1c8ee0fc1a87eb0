import { newId } from '../core/ids.ts'
import { expand, shape, text, url } from '../core/params.ts'
import { customerOf } from '../core/world.ts'
import type { PortalSession } from '../core/wire.ts'
import { make } from '../events/emit.ts'
import { show, type Route } from './route.ts'

const created = shape({ ...expand, customer: text(), locale: text(10), return_url: url }, ['customer'])

export const portalSessions: readonly Route[] = [
  {
    method: 'POST',
    path: '/v1/billing_portal/sessions',
    run(call) {
      const { world } = call
      const given = created(call.params)
      const customer = customerOf(world, given.customer, 'customer')
      const id = newId('billing_portal.session')
      const session: PortalSession = {
        object: 'billing_portal.session',
        id,
        configuration: 'bpc_1TenonSandboxConfigure0',
        created: world.seconds(),
        customer: customer.id,
        customer_account: null,
        flow: null,
        livemode: false,
        locale: given.locale ?? null,
        on_behalf_of: null,
        return_url: given.return_url ?? null,
        url: `/sandbox/portal/${id}`,
      }
      return show(call, make<PortalSession>(world, 'billing_portal.session.created', session))
    },
  },
]
