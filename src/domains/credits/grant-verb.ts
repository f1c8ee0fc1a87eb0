import { grantCredits as operation } from '../../contract/credits.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { balanceOf } from './balance.ts'
import { grantCredits } from './grant-credits.ts'

export const grantVerb = implement(operation, async (ctx, { amount, note, expiresAt }) => {
  const { sql, orgId, clock, idempotencyKey } = ctx
  const org = orgId()
  const expires = expiresAt === undefined ? null : new Date(expiresAt)
  if (expires !== null && expires <= clock.now()) {
    const issue = { path: 'body.expiresAt', message: 'This is over already' }
    throw new TenonError('validation_failed', { details: { issues: [issue] } })
  }
  const source = `root:${idempotencyKey ?? newId('grant')}`
  const { granted } = await grantCredits(sql, org, { kind: 'promotion', source, amount, note, expiresAt: expires })
  ctx.note({ amount, note, expiresAt: expiresAt ?? null, granted })
  return { granted, available: (await balanceOf(sql, org)).available }
})
