import { z } from 'zod'

/**
 * Ids are made in code: a prefix that names the kind, an underscore, and 26 characters of Crockford base32 that
 * hold 48 bits of time in milliseconds and 80 random bits, so they sort by creation.
 */
export const ID_PREFIXES = [
  'org',
  'key',
  'repo',
  'run',
  'req',
  'worker',
  'schedule',
  'proj',
  'user',
  'session',
  'invite',
  'grant',
  'entry',
  'finding',
  'orphan',
  'alert',
  'mail',
] as const
export type IdPrefix = (typeof ID_PREFIXES)[number]
export type Id<P extends IdPrefix> = `${P}_${string}`

export type OrgId = Id<'org'>
export type ApiKeyId = Id<'key'>
export type RepositoryId = Id<'repo'>
export type RunId = Id<'run'>
export type ScheduleId = Id<'schedule'>
export type ProjectId = Id<'proj'>
export type UserId = Id<'user'>

const BODY = /[0-9a-hjkmnp-tv-z]{26}/

export function idSchema<P extends IdPrefix>(prefix: P): z.ZodType<Id<P>, Id<P>> {
  return z.templateLiteral([`${prefix}_`, z.string().regex(BODY)]).meta({ example: exampleId(prefix) }) as z.ZodType<
    Id<P>,
    Id<P>
  >
}

export function isId<P extends IdPrefix>(prefix: P, value: unknown): value is Id<P> {
  return typeof value === 'string' && new RegExp(`^${prefix}_${BODY.source}$`).test(value)
}

function exampleId(prefix: IdPrefix): string {
  return `${prefix}_01jd2m5x8qf3v7w9y0z1a2b3c4`
}
