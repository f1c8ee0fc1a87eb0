import { z } from 'zod'

/** What an organisation may use. API calls are counted per UTC hour and day, runs started per UTC day. */
export interface Limits {
  readonly callsPerHour: number
  readonly callsPerDay: number
  readonly concurrentRuns: number
  /** Parts of all runs together that workers have under way at once; those beyond it wait. */
  readonly activeChunks: number
  readonly runsPerDay: number
  readonly repositories: number
  /** Connections to systems of others. */
  readonly integrations: number
  /** Members, and invitations that are open. */
  readonly seats: number
}

export interface Plan extends Limits {
  /** Given at the beginning of each month, to be used within it. */
  readonly creditsPerMonth: number
}

/** From the smallest to the largest. */
export const PLANS = {
  free: {
    callsPerHour: 1_000,
    callsPerDay: 5_000,
    concurrentRuns: 2,
    activeChunks: 4,
    runsPerDay: 50,
    repositories: 10,
    integrations: 2,
    seats: 1,
    creditsPerMonth: 100,
  },
  solo: {
    callsPerHour: 5_000,
    callsPerDay: 25_000,
    concurrentRuns: 5,
    activeChunks: 16,
    runsPerDay: 500,
    repositories: 50,
    integrations: 10,
    seats: 3,
    creditsPerMonth: 5_000,
  },
  team: {
    callsPerHour: 25_000,
    callsPerDay: 100_000,
    concurrentRuns: 20,
    activeChunks: 64,
    runsPerDay: 5_000,
    repositories: 500,
    integrations: 50,
    seats: 25,
    creditsPerMonth: 50_000,
  },
} as const satisfies Record<string, Plan>
export type PlanName = keyof typeof PLANS

const ORDER = Object.keys(PLANS) as PlanName[]

/** Of two plans that hold at once, the one in force. */
export function largerPlan(one: PlanName, other: PlanName | null): PlanName {
  return other === null || ORDER.indexOf(one) >= ORDER.indexOf(other) ? one : other
}

export const planName = z.enum(Object.keys(PLANS) as [PlanName])

/** What an operation may have to have left before it runs. */
export const QUOTAS = [
  'concurrentRuns',
  'runsPerDay',
  'repositories',
  'integrations',
  'seats',
] as const satisfies (keyof Limits)[]
export type Quota = (typeof QUOTAS)[number]

/**
 * Calls that have no organisation to count them on, in fixed windows: by address those without a valid credential and
 * those of the operator, by address and by account those by which a person signs in; by key and address those that must be
 * possible when the organisation has no call left, such as revoking a key; by person those of a session that concern no
 * organisation.
 */
export const CALLER_LIMITS = {
  anonymous: { calls: 300, windowSeconds: 900 },
  root: { calls: 3_000, windowSeconds: 900 },
  rescue: { calls: 100, windowSeconds: 900 },
  user: { calls: 1_000, windowSeconds: 900 },
  signIn: { calls: 50, windowSeconds: 900 },
  signInAccount: { calls: 10, windowSeconds: 900 },
} as const
export type CallerLimit = keyof typeof CALLER_LIMITS
