import type { OrgId } from '../../contract/ids.ts'
import type { ApiKey } from '../../contract/identity.ts'
import type { Scope } from '../../contract/scopes.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { insertKey } from './identity.sql.ts'
import { newSecret } from './key-format.ts'

/** Stores a new key of an organisation; the answer holds its secret, which nothing else does. */
export async function newApiKey(
  sql: Sql,
  key: { org: OrgId; name: string; scopes: readonly Scope[]; createdBy: string; createdAt: Date },
): Promise<ApiKey & { secret: string }> {
  const { secret, sha256, hint } = newSecret()
  const [row] = await sql.run(insertKey, { ...key, id: newId('key'), sha256, hint })
  if (row === undefined) throw new Error('the key was not stored')
  return { ...row, secret }
}
