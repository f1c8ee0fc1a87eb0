import type { AccessToken, ApiKey, getMe } from '../../contract/identity.ts'
import type { DataOf } from '../../contract/operation.ts'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { listOf, table } from './table.ts'
import { ago, amount, fields, plain, until, when, wrap, type Look } from './text.ts'

/** What an older server does not say. */
const OLDER = { user: null, role: null, credits: null, organizations: [], token: null } as const

type NewKey = ApiKey & { readonly secret: string }

export function renderMe(me: DataOf<typeof getMe>, look: Look): string {
  const { user, org, role, plan, credits, organizations, apiKey, token } = { ...OLDER, ...me }
  const named = org === null ? null : `${org.name} (${org.slug})`
  const facts = {
    person: user === null ? null : user.email === null ? user.name : `${user.name} <${user.email}>`,
    user: user?.id,
    organisation: named,
    org: org?.id,
    role,
    plan,
    credits: credits === null ? null : creditsText(credits),
    ...(apiKey === null ? tokenFacts(token) : keyFacts(apiKey)),
  }
  const shown = fields(facts, look.width)
  if (user === null || (organizations.length === 1 && org !== null)) return shown
  if (organizations.length === 0)
    return `${shown}\nNo organisation yet. Make one in a browser, or open the invitation in your mail.\n`
  const rows = organizations.map(({ slug, name, role: theirs }) => [slug, theirs, name])
  const hint = org === null ? '\nName one of them with --org.\n' : ''
  return `${shown}\n${table(['ORGANISATION', 'ROLE', 'NAME'], rows, look)}${hint}`
}

function creditsText({ available, reserved }: { readonly available: number; readonly reserved: number }): string {
  const left = `${amount(available)} available`
  return reserved === 0 ? left : `${left}, ${amount(reserved)} set aside for runs`
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
    limit: callsPerHour === null ? null : `${amount(callsPerHour)} calls per hour`,
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
