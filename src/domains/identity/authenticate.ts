import { createHash, timingSafeEqual } from 'node:crypto'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import type { Principal } from '../../kernel/ctx.ts'
import type { CallerOptions } from '../../kernel/run-operation.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { Database } from '../../platform/db/index.ts'
import { findKeyByDigest } from './identity.sql.ts'
import { digestOf, isWellFormed } from './key-format.ts'

/** Finds out who calls. @throws TenonError `unauthenticated` without a credential, `invalid_api_key` with a wrong one. */
export function createAuthenticator(db: Database, rootKey: string): CallerOptions['authenticate'] {
  return async ({ auth }, { apiKey, rootKey: given }) => {
    if (auth === 'public') return { actor: { kind: 'anonymous' }, org: null, scopes: [] }
    if (auth === 'root') return rootPrincipal(rootKey, given)
    if (apiKey === undefined || apiKey === '') throw new TenonError('unauthenticated')
    return keyPrincipal(db, apiKey)
  }
}

function rootPrincipal(rootKey: string, given: string | undefined): Principal {
  if (given === undefined || given === '') throw new TenonError('unauthenticated')
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  if (!timingSafeEqual(digest(given), digest(rootKey))) throw new TenonError('invalid_api_key')
  return { actor: { kind: 'root' }, org: null, scopes: ALL_SCOPES }
}

async function keyPrincipal(db: Database, apiKey: string): Promise<Principal> {
  if (!isWellFormed(apiKey)) throw new TenonError('invalid_api_key')
  const sha256 = digestOf(apiKey)
  const [key] = await db.cross('auth', (sql) => sql.run(findKeyByDigest, { sha256 }))
  if (key === undefined || !timingSafeEqual(key.secretSha256, sha256) || key.revokedAt !== null)
    throw new TenonError('invalid_api_key')
  return { actor: { kind: 'key', id: key.id }, org: { id: key.orgId, slug: key.slug }, scopes: key.scopes }
}
