import { z } from 'zod'
import { openPortal } from '../../contract/billing.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { callKey } from './call-key.ts'
import type { BillingCore } from './core.ts'
import { customerOf } from './customers.ts'
import { make } from './stripe-failure.ts'

const portalSession = z.looseObject({ url: z.string() })

export function openPortalVerb(core: BillingCore): BoundVerb {
  return implement(openPortal, {
    async prepare(ctx) {
      const { id, slug } = ctx.orgRef()
      const params = { customer: await customerOf(core, { id, slug }), return_url: `${core.publicUrl}/billing/return` }
      const made = await make(callKey(ctx, 'portal', params), (idempotencyKey) =>
        core.stripe.billingPortal.sessions.create(params, { idempotencyKey }),
      )
      return portalSession.parse(made).url
    },
    run: async (_, __, url) => ({ url, sandbox: core.settings.sandbox }),
  })
}
