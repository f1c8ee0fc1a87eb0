import type { AccessToken, ApiKey, getMe } from '../../contract/identity.ts'
import type { DataOf } from '../../contract/operation.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { listOf } from './table.ts'
import { ago, fields, plain, until, when, wrap, type Look } from './text.ts'

type NewKey = ApiKey & { readonly secret: string }

export function renderMe({ org, plan, apiKey, token }: DataOf<typeof getMe>, { width }: Look): string {
  const organisation = { organisation: `${org.name} (${org.slug})`, org: org.id, plan }
  return fields({ ...organisation, ...(apiKey === null ? tokenFacts(token) : keyFacts(apiKey)) }, width)
}

function keyFacts(apiKey: ApiKey): object {
  const { name, hint, ...facts } = factsOf(apiKey)
  return { key: `${name} ${hint}`, ...facts }
}

function tokenFacts(token: AccessToken | null): object {
  if (token === null) return {}
  return { token: token.subject, scopes: scopesText(token.scopes), expires: when(token.expiresAt) }
}

export function renderNewKey(key: NewKey, look: Look): string {
  return secretOnce(key, 'Keep it now: it is shown this once.', look)
}

export function renderRotatedKey(key: NewKey, look: Look): string {
  const notice =
    'Keep it now: it is shown this once. The old key works for 24 hours more, unless it ends before; the two share their limits.'
  return secretOnce(key, notice, look)
}

export function renderRevokedKey({ id, name }: ApiKey, { width }: Look): string {
  return `${wrap(`Revoked ${id} (${plain(name)}).`, width).join('\n')}\n`
}

export function renderKeys(keys: ApiKey[], look: Look): string {
  return listOf(keys, look, 'No keys.', ['ID', 'KEY', 'STATUS', 'EXPIRES', 'USED', 'NAME'], (key) => {
    const status = statusOf(key)
    return [
      key.id,
      // All begin alike: what tells them apart fits beside the rest on 80 columns.
      key.hint.replace('tn_live_', '…'),
      status,
      status === 'revoked' || status === 'expired' ? '–' : until(key.expiresAt),
      ago(key.lastUsedAt),
      key.name,
    ]
  })
}

/** A rotated key works until it expires. */
function statusOf({ revokedAt, expiresAt, rotatedAt }: ApiKey): 'revoked' | 'expired' | 'rotated' | 'active' {
  if (revokedAt !== null) return 'revoked'
  if (expiresAt !== null && Date.parse(expiresAt) <= Date.now()) return 'expired'
  return rotatedAt === null ? 'active' : 'rotated'
}

function factsOf({ name, hint, id, scopes, callsPerHour, expiresAt, rotatedAt }: ApiKey) {
  return {
    name,
    hint,
    id,
    scopes: scopesText(scopes),
    limit: callsPerHour === null ? null : `${callsPerHour} calls per hour`,
    expires: when(expiresAt),
    rotated: when(rotatedAt),
  }
}

function scopesText(scopes: ApiKey['scopes']): string {
  if (scopes.length === ALL_SCOPES.length) return 'all'
  return scopes.length === 0 ? 'none' : scopes.join(' ')
}

/** The key stands alone on the first line, to be copied. */
function secretOnce(key: NewKey, notice: string, { width }: Look): string {
  const { hint: _, ...facts } = factsOf(key)
  return `${key.secret}\n\n${wrap(notice, width).join('\n')}\n\n${fields(facts, width)}`
}
