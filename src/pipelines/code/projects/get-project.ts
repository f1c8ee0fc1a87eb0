import { z } from 'zod'
import { getProject } from '../../../contract/projects.ts'
import { decodeCursor, encodeCursor } from '../../../kernel/cursor.ts'
import { fitPage } from '../../../kernel/fit-page.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import { implement } from '../../../kernel/verb.ts'
import { selectMembers, selectProject } from './projects.sql.ts'

const position = z.strictObject({ repository: z.string().max(100) })

/** The page is that of the repositories. */
export const getProjectVerb = implement(
  getProject,
  async ({ sql, orgId }, { project: key, limit, cursor, maxTokens }) => {
    const org = orgId()
    const after = cursor === undefined ? null : decodeCursor(cursor, position).repository
    const [project] = await sql.run(selectProject, { org, key })
    if (project === undefined) throw new TenonError('not_found')
    const rows = await sql.run(selectMembers, { org, project: project.id, after, limit: limit + 1 })
    const repositories = fitPage(rows, { limit, maxTokens })
    return {
      data: { ...project, repositories },
      nextCursor:
        rows.length > repositories.length ? encodeCursor({ repository: repositories.at(-1)?.name ?? '' }) : null,
    }
  },
)
