import { getCreditStatement } from '../../contract/credits.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectEntriesOfRun, selectHold } from './credits.sql.ts'

/** Of a run with more, `credits.entries` tells the rest. */
const SHOWN = 200

export const getStatementVerb = implement(getCreditStatement, async ({ sql, orgId }, { run: id }) => {
  const org = orgId()
  const [hold] = await sql.run(selectHold, { org, run: id })
  if (hold === undefined) throw new TenonError('not_found')
  const { run, reserved, captured, released, refunded, open } = hold
  const entries = await sql.run(selectEntriesOfRun, { org, run: id, kind: null, before: null, limit: SHOWN })
  return { run, reserved: reserved - captured - released, captured, released, refunded, open, entries }
})
