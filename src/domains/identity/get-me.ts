import type { Person } from '../../contract/accounts.ts'
import { getMe } from '../../contract/identity.ts'
import type { OrgId, UserId } from '../../contract/ids.ts'
import type { DataOf } from '../../contract/operation.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { selectKey, selectOrganization } from './identity.sql.ts'

type Me = DataOf<typeof getMe>

/** What other domains know of whoever calls. */
export interface MeSources {
  findPerson(user: UserId): Promise<Person | null>
  membershipsOf(user: UserId): Promise<Me['organizations']>
  balanceOf(sql: Sql, org: OrgId): Promise<{ readonly available: number; readonly reserved: number }>
}

export function getMeVerb(sources: MeSources | undefined): BoundVerb {
  return implement(getMe, async (ctx) => {
    const { actor } = ctx
    const [ofOrg, ofPerson, apiKey] = await Promise.all([orgFacts(ctx, sources), personFacts(ctx, sources), keyOf(ctx)])
    const token =
      actor.kind === 'token' ? { subject: actor.id, scopes: [...ctx.scopes], expiresAt: actor.expiresAt } : null
    return { ...ofOrg, ...ofPerson, apiKey, token }
  })
}

async function orgFacts(
  { org: ref, sql }: Ctx,
  sources: MeSources | undefined,
): Promise<Pick<Me, 'org' | 'plan' | 'credits'>> {
  if (ref === null) return { org: null, plan: null, credits: null }
  const [[org], credits = null] = await Promise.all([
    sql.run(selectOrganization, { org: ref.id }),
    sources?.balanceOf(sql, ref.id),
  ])
  if (org === undefined) throw new TenonError('not_found')
  return { org, plan: ref.plan, credits }
}

async function personFacts(
  { actor }: Ctx,
  sources: MeSources | undefined,
): Promise<Pick<Me, 'user' | 'role' | 'organizations'>> {
  if (actor.kind !== 'user' || sources === undefined) return { user: null, role: null, organizations: [] }
  const [user, organizations] = await Promise.all([sources.findPerson(actor.id), sources.membershipsOf(actor.id)])
  // The account has ended since the call was let in.
  if (user === null) throw new TenonError('unauthenticated')
  return { user, role: actor.role, organizations }
}

async function keyOf({ actor, sql, orgId }: Ctx): Promise<Me['apiKey']> {
  if (actor.kind !== 'key') return null
  const [key] = await sql.run(selectKey, { org: orgId(), id: actor.id })
  if (key === undefined) throw new TenonError('not_found')
  return key
}
