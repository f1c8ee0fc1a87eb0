import { createApiKey } from '../../contract/identity.ts'
import type { DataOf, InputOf } from '../../contract/operation.ts'
import type { Ctx } from '../../kernel/ctx.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { implement, type BoundVerb } from '../../kernel/verb.ts'
import { holdMaker, type HoldMember, type Maker } from './hold-maker.ts'
import { newApiKey } from './new-api-key.ts'

type NewKey = DataOf<typeof createApiKey>

/** A key makes no key that may do more, calls more often or lives longer than itself; nor does a token or a person. */
export function createApiKeyVerb(holdMember: HoldMember): BoundVerb {
  return implement(createApiKey, (ctx, input) => create(ctx, input, holdMember))
}

async function create(ctx: Ctx, input: InputOf<typeof createApiKey>, holdMember: HoldMember): Promise<NewKey> {
  const { clock, sql } = ctx
  const maker = await holdMaker(ctx, holdMember)
  const scopes = [...new Set(input.scopes ?? maker.scopes)]
  const lacking = scopes.find((scope) => !maker.scopes.includes(scope))
  if (lacking !== undefined) throw new TenonError('forbidden', { details: { scope: lacking } })
  const createdAt = clock.now()
  const callsPerHour = limitOf(maker, input.callsPerHour)
  const expiresAt = endOf(maker, input.expiresAt, createdAt)
  ctx.note({ name: input.name, scopes, callsPerHour, expiresAt: expiresAt?.toISOString() ?? null })
  const { name } = input
  const key = { org: ctx.orgId(), name, scopes, callsPerHour, expiresAt, createdBy: maker.id, createdAt }
  // The limit of a key is that of its line: with new lines it could be passed by.
  const { lineage } = maker
  return newApiKey(sql, maker.callsPerHour === null || lineage === null ? key : { ...key, lineage })
}

function limitOf({ callsPerHour: own }: Maker, asked: number | undefined): number | null {
  if (asked !== undefined && own !== null && asked !== own)
    throw wrong('callsPerHour', `It is ${own}, the limit that the calling key shares with those that it makes`)
  return asked ?? own
}

function endOf({ expiresAt: own }: Maker, asked: string | undefined, now: Date): Date | null {
  const end = asked ?? own
  if (end === null) return null
  if (asked !== undefined && Date.parse(asked) <= now.getTime()) throw wrong('expiresAt', 'It is over already')
  if (own !== null && Date.parse(end) > Date.parse(own))
    throw wrong('expiresAt', `At most ${own}, the end of the calling key or token`)
  return new Date(end)
}

function wrong(field: string, message: string): TenonError {
  return new TenonError('validation_failed', { details: { issues: [{ path: `body.${field}`, message }] } })
}
