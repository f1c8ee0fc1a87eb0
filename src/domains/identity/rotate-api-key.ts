import { rotateApiKey, type ApiKey } from '../../contract/identity.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { holdMaker, type HoldMember, type Maker } from './hold-maker.ts'
import { lockKey, retireKey } from './identity.sql.ts'
import { newApiKey } from './new-api-key.ts'

/** How long the old key works beside the new one. */
const OVERLAP_MS = 24 * 3_600_000

export function rotateApiKeyVerb(holdMember: HoldMember): BoundVerb {
  return implement(rotateApiKey, (ctx, { key }) => rotate(ctx, key, holdMember))
}

async function rotate(ctx: Ctx, id: string, holdMember: HoldMember): Promise<DataOf<typeof rotateApiKey>> {
  const { sql, clock } = ctx
  const org = ctx.orgId()
  const [old] = await sql.run(lockKey, { org, id })
  if (old === undefined) throw new TenonError('not_found')
  const now = clock.now()
  const maker = await holdMaker(ctx, holdMember)
  const over = old.expiresAt !== null && Date.parse(old.expiresAt) <= now.getTime()
  if (over || old.revokedAt !== null || old.rotatedAt !== null)
    throw new TenonError('api_key_inactive', { details: { key: old.id } })
  const lacking = old.scopes.find((scope) => !maker.scopes.includes(scope))
  if (lacking !== undefined) throw new TenonError('forbidden', { details: { scope: lacking } })
  const beyond = limitBeyond(maker, old)
  if (beyond !== null) throw new TenonError('forbidden', { details: { beyond } })
  const made = await newApiKey(sql, { ...old, ...lifeFrom(old, now), org, createdBy: maker.id, createdAt: now })
  await sql.run(retireKey, { org, id: old.id, now, expiresAt: new Date(now.getTime() + OVERLAP_MS) })
  ctx.note({ key: old.id, newKey: made.id })
  return made
}

/**
 * What the rotated key may do and the calling one may not: the answer holds a key, which must not be stronger than the one
 * that asked for it. A key may renew itself.
 */
function limitBeyond(maker: Maker, old: ApiKey): 'callsPerHour' | 'expiresAt' | null {
  if (maker.id === old.id) return null
  const limited = maker.callsPerHour !== null && maker.lineage !== old.lineage
  if (limited && (old.callsPerHour ?? Number.POSITIVE_INFINITY) > (maker.callsPerHour ?? 0)) return 'callsPerHour'
  const ends = maker.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(maker.expiresAt)
  const oldEnds = old.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(old.expiresAt)
  return oldEnds > ends ? 'expiresAt' : null
}

function lifeFrom(
  { createdAt, expiresAt }: { createdAt: string; expiresAt: string | null },
  now: Date,
): { expiresAt: Date | null } {
  if (expiresAt === null) return { expiresAt: null }
  return { expiresAt: new Date(now.getTime() + Date.parse(expiresAt) - Date.parse(createdAt)) }
}
