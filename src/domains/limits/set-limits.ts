import { setLimits } from '../../contract/limits.ts'
import { implement } from '../../kernel/verb.ts'
import { describeLimits } from './get-limits.ts'
import { lockLimits, updateLimits } from './usage.sql.ts'

/** Every node hears of it as it hears of a revoked key, since it keeps the limits with the keys that it knows. */
export const setLimitsVerb = implement(setLimits, async ({ sql, orgId, clock, note }, input) => {
  const org = orgId()
  const [before] = await sql.run(lockLimits, { org })
  if (before === undefined) throw new Error('an organisation has no limits')
  const set = Object.fromEntries(
    Object.entries(input).flatMap(([name, value]) => (name === 'org' || value === undefined ? [] : [[name, value]])),
  )
  const [row] = await sql.run(updateLimits, { org, ...before, ...set })
  if (row === undefined) throw new Error('the limits were not stored')
  note(set)
  return describeLimits(sql, { org, row, now: clock.now() })
})
