import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { selectReadable } from './code.sql.ts'
import type { Rebuild } from './rebuild.ts'
import type { IndexReader, Readable } from './search/index-reader.ts'
import { DamagedError } from './shard/format.ts'

const ATTEMPTS = 3

export type Snapshotted = Readable & { readonly id: RepositoryId; readonly commit: string }

/**
 * Reads the indexed commit of one repository, by id or name. Another commit may be published meanwhile: then what it has
 * left behind is looked for anew.
 *
 * @throws TenonError `not_found`, `index_incomplete`
 */
export async function readSnapshot<T>(
  sql: Sql,
  { org, key }: { org: OrgId; key: string },
  { reader, rebuild }: { reader: IndexReader; rebuild: Rebuild },
  work: (repository: Snapshotted) => Promise<T>,
): Promise<T> {
  for (let left = ATTEMPTS; ; left--) {
    const [row] = await sql.run(selectReadable, { org, key })
    if (row === undefined) throw new TenonError('not_found')
    const { id, name, commit, snapshotKey, snapshotChecksum: checksum } = row
    try {
      return await work({ id, name, commit, snapshot: { key: snapshotKey, checksum } })
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      await reader.drop(error.key)
      if (left > 1) continue
      rebuild.report({ org, repository: id, error })
      throw new TenonError('index_incomplete', { cause: error })
    }
  }
}
