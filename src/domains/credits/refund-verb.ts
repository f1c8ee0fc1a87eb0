import { refundCredits as operation } from '../../contract/credits.ts'
import { newId } from '../../kernel/ids.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { balanceOf } from './balance.ts'
import { selectHold } from './credits.sql.ts'
import { refundCredits } from './refund-credits.ts'

export const refundVerb = implement(operation, async (ctx, { run: id, amount, reason }) => {
  const { sql, orgId, idempotencyKey } = ctx
  const org = orgId()
  const [hold] = await sql.run(selectHold, { org, run: id })
  if (hold === undefined) throw new TenonError('not_found')
  const { run } = hold
  await refundCredits(sql, org, { run, key: `root:${idempotencyKey ?? newId('grant')}`, amount, reason })
  const [after] = await sql.run(selectHold, { org, run: id })
  ctx.note({ run, amount, reason })
  return { run, refunded: after?.refunded ?? 0, available: (await balanceOf(sql, org)).available }
})
