import type { OrgId, RepositoryId } from '../../../contract/ids.ts'
import type { Sql } from '../../../kernel/statement.ts'
import type { FactRows } from '../graph/fact-rows.ts'
import { deleteFacts, deleteFound, insertEntryPoints, insertFacts, insertSymbols } from '../graph/graph.sql.ts'
import type { IndexCtx } from './shapes.ts'

/**
 * Facts depend on the blob alone, so they are written when they are found: nothing of a blob is shown before a commit that
 * has it is published, and what no commit needs is removed when the next one is.
 */
export async function keepFacts({ org, input: { repository }, inTenant }: IndexCtx, rows: FactRows): Promise<void> {
  const key = { org, repository }
  await inTenant(async (tenant) => {
    await forgetFacts(tenant, key, rows.parsed)
    await tenant.run(insertFacts, { ...key, rows: rows.facts })
    await tenant.run(insertSymbols, { ...key, rows: rows.symbols })
    await tenant.run(insertEntryPoints, { ...key, rows: rows.entryPoints })
  })
}

export async function forgetFacts(
  tenant: Sql,
  key: { org: OrgId; repository: RepositoryId },
  blobs: readonly { readonly sha: string; readonly dialect: string }[],
): Promise<void> {
  const listsOf = (rows: typeof blobs) => ({
    shas: rows.map(({ sha }) => sha),
    dialects: rows.map(({ dialect }) => dialect),
  })
  const gone = await tenant.run(deleteFacts, { ...key, ...listsOf(blobs) })
  if (gone.length > 0) await tenant.run(deleteFound, { ...key, ...listsOf(gone) })
}
