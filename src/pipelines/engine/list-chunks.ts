import { z } from 'zod'
import { listChunks } from '../../contract/runs.ts'
import { ERRORS } from '../../contract/errors.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectChunks, selectRun } from './runs.sql.ts'

const position = z.strictObject({ step: z.int().min(0).max(3), n: z.int().min(-1).max(2_147_483_647) })

export const listChunksVerb = implement(listChunks, async ({ sql, orgId }, { run, state = null, limit, cursor }) => {
  const org = orgId()
  const after = cursor === undefined ? { step: 0, n: -1 } : decodeCursor(cursor, position)
  const [found] = await sql.run(selectRun, { org, id: run })
  if (found === undefined) throw new TenonError('not_found')
  const rows = await sql.run(selectChunks, {
    org,
    run,
    state,
    afterStep: after.step,
    afterN: after.n,
    limit: limit + 1,
  })
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  return {
    data: page.map(({ errorCode, place: _place, ...chunk }) => ({
      ...chunk,
      error: errorCode === null ? null : { code: errorCode, message: ERRORS[errorCode].message },
    })),
    nextCursor: rows.length > limit && last ? encodeCursor({ step: last.place, n: last.n }) : null,
  }
})
