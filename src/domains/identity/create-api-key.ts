import { createApiKey } from '../../contract/identity.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { newApiKey } from './new-api-key.ts'

export const createApiKeyVerb = implement(createApiKey, async (ctx, input) => {
  const scopes = [...new Set(input.scopes ?? ctx.scopes)]
  const lacking = scopes.find((scope) => !ctx.scopes.includes(scope))
  if (lacking !== undefined) throw new TenonError('forbidden', { details: { scope: lacking } })
  const createdBy = ctx.actor.kind === 'key' ? ctx.actor.id : ctx.actor.kind
  return newApiKey(ctx.sql, { org: ctx.orgId(), name: input.name, scopes, createdBy, createdAt: ctx.clock.now() })
})
