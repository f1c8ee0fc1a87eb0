import type { ApiKeyId, OrgId } from '../../contract/ids.ts'
import type { ApiKey } from '../../contract/identity.ts'
import type { Scope } from '../../contract/scopes.ts'
import { newId } from '../../kernel/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { insertKey } from './identity.sql.ts'
import { newSecret } from './key-format.ts'

export interface KeyRequest {
  readonly org: OrgId
  readonly name: string
  readonly scopes: readonly Scope[]
  readonly callsPerHour?: number | null
  readonly expiresAt?: Date | null
  /** The first key of the line that it goes on; a line of its own when left out. */
  readonly lineage?: ApiKeyId
  readonly createdBy: string
  readonly createdAt: Date
}

/** Stores a new key of an organisation; the answer holds its secret, which nothing else does. */
export async function newApiKey(sql: Sql, request: KeyRequest): Promise<ApiKey & { secret: string }> {
  const { secret, sha256, hint } = newSecret()
  const id = newId('key')
  const { callsPerHour = null, expiresAt = null, lineage = id } = request
  const [row] = await sql.run(insertKey, { ...request, callsPerHour, expiresAt, lineage, id, sha256, hint })
  if (row === undefined) throw new Error('the key was not stored')
  return { ...row, secret }
}
