import { getRun } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { presentRun } from './present-run.ts'
import { selectRun } from './runs.sql.ts'

export const getRunVerb = implement(getRun, async ({ sql, orgId }, { run }) => {
  const [row] = await sql.run(selectRun, { org: orgId(), id: run })
  if (row === undefined) throw new TenonError('not_found')
  return presentRun(row)
})
