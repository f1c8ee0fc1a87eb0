import type { OrgId, RepositoryId } from '../../contract/ids.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { seal, unseal } from '../../platform/kms/index.ts'
import { deleteCredential, selectCredential, upsertCredential } from './credentials.sql.ts'
import type { Credential } from './git/git.ts'

/** Whose token it is, and the only address that it opens for. */
export interface CredentialPlace {
  readonly org: OrgId
  readonly repository: RepositoryId
  /** Of the repository, as its row has it. */
  readonly source: string
  /** What tokens are sealed with; undefined when this node was given none. */
  readonly masterKey: string | undefined
}

/** Keeps a token, sealed, in place of the one before. @throws TenonError `master_key_missing` */
export async function storeCredential(
  sql: Sql,
  place: CredentialPlace,
  { username, token }: Credential,
): Promise<void> {
  const { org, repository } = place
  const sealed = seal({ secret: secretOf(place), place: placeOf(place, username) }, token)
  await sql.run(upsertCredential, { org, repository, username, sealed })
}

/**
 * null when no token is kept.
 *
 * @throws TenonError `master_key_missing` when there is one that this node can not open.
 */
export async function credentialOf(sql: Sql, place: CredentialPlace): Promise<Credential | null> {
  const { org, repository } = place
  const [row] = await sql.run(selectCredential, { org, repository })
  if (row === undefined) return null
  const { username, sealed } = row
  const token = unseal({ secret: secretOf(place), place: placeOf(place, username) }, sealed)
  if (token === null) throw new TenonError('master_key_missing', { details: { reason: 'another_key' } })
  return { username, token }
}

export async function forgetCredential(sql: Sql, { org, repository }: Omit<CredentialPlace, 'masterKey' | 'source'>) {
  await sql.run(deleteCredential, { org, repository })
}

/** @throws TenonError `master_key_missing` */
export function secretOf({ masterKey }: Pick<CredentialPlace, 'masterKey'>): string {
  if (masterKey === undefined) throw new TenonError('master_key_missing')
  return masterKey
}

/** Written into another row, or with the row's source changed, the token does not open: it is sent nowhere else. */
function placeOf({ org, repository, source }: CredentialPlace, username: string): string {
  return JSON.stringify(['repository_credentials', org, repository, source, username])
}
