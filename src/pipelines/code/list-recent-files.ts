import { z } from 'zod'
import { listRecentFiles, type RecentFile } from '../../contract/search.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { fitPage } from '../../kernel/fit-page.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement } from '../../kernel/verb.ts'
import { selectRecentFiles, selectRepository } from './code.sql.ts'

/** The last file of the page before: when it changed, and the number of its path among those that changed then. */
const position = z.strictObject({ at: z.iso.datetime().regex(/^(?:19[7-9]|[2-9]\d\d)\d-/), skip: z.int().min(0) })

export const listRecentFilesVerb = implement(
  listRecentFiles,
  async ({ sql, orgId }, { repository: key, language, limit, cursor, maxTokens }) => {
    const org = orgId()
    const [repository] = await sql.run(selectRepository, { org, key })
    if (repository === undefined) throw new TenonError('not_found')
    const from = cursor === undefined ? null : decodeCursor(cursor, position)
    const rows = await sql.run(selectRecentFiles, {
      org,
      repository: repository.id,
      language: language ?? null,
      upTo: from?.at ?? null,
      skip: from?.skip ?? 0,
      limit: limit + 1,
    })
    const data = fitPage(rows, { limit, maxTokens }).map((row) => row as RecentFile)
    const last = data.at(-1)
    if (rows.length === data.length || last === undefined) return { data, nextCursor: null }
    // A commit may change thousands of files at one time, whose paths are longer than a cursor may be.
    const same = data.filter(({ changedAt }) => changedAt === last.changedAt).length
    const skip = same + (from?.at === last.changedAt ? from.skip : 0)
    return { data, nextCursor: encodeCursor({ at: last.changedAt, skip }) }
  },
)
