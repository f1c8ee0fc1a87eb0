import { createHash, timingSafeEqual } from 'node:crypto'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import type { Principal } from '../../kernel/ctx.ts'
import type { Authenticate } from '../../kernel/run-operation.ts'
import type { Database } from '../../platform/db/index.ts'
import { findKeyByDigest } from './identity.sql.ts'
import { digestOf, isWellFormed } from './key-format.ts'

/** Finds out whose credential this is; null when nobody holds it. */
export function createAuthenticator(db: Database, rootKey: string): Authenticate {
  return async (kind, credential) =>
    kind === 'root' ? rootPrincipal(rootKey, credential) : keyPrincipal(db, credential)
}

function rootPrincipal(rootKey: string, given: string): Principal | null {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  if (!timingSafeEqual(digest(given), digest(rootKey))) return null
  return { actor: { kind: 'root' }, org: null, scopes: ALL_SCOPES }
}

async function keyPrincipal(db: Database, apiKey: string): Promise<Principal | null> {
  if (!isWellFormed(apiKey)) return null
  const sha256 = digestOf(apiKey)
  const [key] = await db.cross('auth', (sql) => sql.run(findKeyByDigest, { sha256 }))
  if (key === undefined || !timingSafeEqual(key.secretSha256, sha256) || key.revokedAt !== null) return null
  return { actor: { kind: 'key', id: key.id }, org: { id: key.orgId, slug: key.slug }, scopes: key.scopes }
}
