import { implement } from '../../src/kernel/verb.ts'
import { tallyRuns } from './contract.ts'
import { selectTally } from './tally-runs.sql.ts'

const DAY_MS = 86_400_000

export const tallyRunsVerb = implement(tallyRuns, ({ sql, orgId, clock }, { days }) => {
  const since = new Date(clock.now().getTime() - days * DAY_MS)
  return sql.run(selectTally, { org: orgId(), since })
})
