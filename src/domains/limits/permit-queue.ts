import type { OrgId } from '../../contract/ids.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import type { KeyActor, OrgRef } from '../../kernel/ctx.ts'
import type { RateState } from '../../kernel/limiter.ts'
import { rateLimited } from './rate-limited.ts'
import { insertWindows, takePermits, type GrantRow } from './rate.sql.ts'

const HOUR_S = 3_600
const DAY_S = 86_400
const NO_LIMIT = 2_147_483_647
/** The organisation itself, among the subjects of its counts. */
const ORG = ''

interface Waiting {
  readonly subject: string
  readonly perHour: number
  resolve(state: RateState): void
  reject(error: unknown): void
}

interface OrgQueue {
  waiting: Waiting[]
  busy: boolean
  limits: { readonly perHour: number; readonly perDay: number }
}

/** A subject that was refused, until when and under which limits. */
interface Refusal {
  readonly until: number
  readonly limits: string
  readonly window: string
  readonly limit: number
}

export interface PermitQueue {
  /** @throws TenonError `rate_limited` */
  take(org: OrgRef, key: KeyActor | null): Promise<RateState>
}

/**
 * Calls of one organisation that come while a statement is under way wait for the next, which counts them all: under load
 * one round trip counts many calls, and none is ever granted that the database did not count.
 */
export function createPermitQueue(tenant: TenantOf): PermitQueue {
  const queues = new Map<OrgId, OrgQueue>()
  const refusals = new Map<string, Refusal>()

  const refusedUntilNow = (name: string, limits: string): Refusal | undefined => {
    const refusal = refusals.get(name)
    if (refusal === undefined) return undefined
    // Other limits than those that it was refused under: the operator has changed them.
    if (refusal.until > performance.now() && refusal.limits === limits) return refusal
    refusals.delete(name)
    return undefined
  }

  const serve = async (org: OrgId, queue: OrgQueue): Promise<void> => {
    queue.busy = true
    while (queue.waiting.length > 0) {
      const batch = queue.waiting.splice(0)
      const { limits } = queue
      try {
        const rows = await takeAll(tenant, org, batch, limits)
        for (const refusal of answer(batch, rows, limits)) {
          if (refusals.size >= MAX_REFUSALS) refusals.clear()
          const { subject, perHour, seconds, window, limit } = refusal
          const signature = subject === ORG ? signatureOf(limits.perHour, limits.perDay) : signatureOf(perHour, 0)
          const until = performance.now() + seconds * 1000
          refusals.set(nameOf(org, subject), { until, limits: signature, window, limit })
        }
      } catch (error) {
        for (const { reject } of batch) reject(error)
      }
    }
    queue.busy = false
    if (queue.waiting.length === 0) queues.delete(org)
  }

  return {
    take: (org, key) => {
      const { lineage, callsPerHour } = key ?? { lineage: ORG, callsPerHour: null }
      const { callsPerHour: perHour, callsPerDay: perDay } = org.limits
      const refusal =
        refusedUntilNow(nameOf(org.id, ORG), signatureOf(perHour, perDay)) ??
        (callsPerHour === null ? undefined : refusedUntilNow(nameOf(org.id, lineage), signatureOf(callsPerHour, 0)))
      if (refusal)
        return Promise.reject(rateLimited(refusal.window, refusal.limit, (refusal.until - performance.now()) / 1000))
      return new Promise((resolve, reject) => {
        let queue = queues.get(org.id)
        if (queue === undefined) queues.set(org.id, (queue = { waiting: [], busy: false, limits: { perHour, perDay } }))
        queue.limits = { perHour, perDay }
        queue.waiting.push({
          subject: callsPerHour === null ? ORG : lineage,
          perHour: callsPerHour ?? perHour,
          resolve,
          reject,
        })
        if (!queue.busy) void serve(org.id, queue)
      })
    },
  }
}

const MAX_REFUSALS = 10_000

async function takeAll(
  tenant: TenantOf,
  org: OrgId,
  batch: readonly Waiting[],
  { perHour, perDay }: OrgQueue['limits'],
): Promise<ReadonlyMap<string, GrantRow>> {
  const wanted = new Map([[ORG, { n: 0, perHour, perDay }]])
  for (const { subject, perHour: own } of batch) {
    const entry = wanted.get(subject) ?? { n: 0, perHour: own, perDay: NO_LIMIT }
    wanted.set(subject, { ...entry, n: entry.n + 1 })
  }
  const subjects = [...wanted.keys()]
  const values = [...wanted.values()]
  const params = {
    org,
    subjects,
    counts: values.map(({ n }) => n),
    perHour: values.map((value) => value.perHour),
    perDay: values.map((value) => value.perDay),
  }
  const { read } = tenant(org)
  let rows = await read.run(takePermits, params)
  if (rows.length < subjects.length) {
    await read.run(insertWindows, { org, subjects })
    rows = await read.run(takePermits, params)
  }
  if (rows.length < subjects.length) throw new Error('the limiter has no counts')
  return new Map(rows.map((row) => [row.subject, row]))
}

interface Refused {
  readonly subject: string
  readonly perHour: number
  readonly seconds: number
  readonly window: string
  readonly limit: number
}

/** Grants, within each subject in the order of arrival; answers the subjects that are refused from now on. */
function answer(
  batch: readonly Waiting[],
  rows: ReadonlyMap<string, GrantRow>,
  limits: OrgQueue['limits'],
): readonly Refused[] {
  const orgRow = rows.get(ORG)
  if (orgRow === undefined) throw new Error('the limiter has not answered for the organisation')
  const left = new Map([...rows].map(([subject, { granted }]) => [subject, granted]))
  const refused = new Map<string, Refused>()
  for (const { subject, perHour, resolve, reject } of batch) {
    const row = rows.get(subject) ?? orgRow
    const windows = windowsOf(orgRow, limits, subject === ORG ? null : { row, perHour })
    const remaining = left.get(subject) ?? 0
    if (remaining > 0) {
      left.set(subject, remaining - 1)
      resolve(stateOf(windows))
      continue
    }
    // Of several windows that are full, the last to end decides when a call may succeed.
    const full = windows.filter(({ used, limit }) => used >= limit).toSorted((a, b) => b.seconds - a.seconds)[0]
    const {
      name: window,
      limit,
      seconds,
      owner,
    } = full ?? { name: 'hour', limit: limits.perHour, seconds: 1, owner: ORG }
    if (full !== undefined) refused.set(owner, { subject: owner, perHour, seconds, window, limit })
    reject(rateLimited(window, limit, seconds))
  }
  return [...refused.values()]
}

interface Window {
  readonly name: string
  readonly owner: string
  readonly used: number
  readonly limit: number
  readonly seconds: number
  readonly windowSeconds: number
}

function windowsOf(
  org: GrantRow,
  { perHour, perDay }: OrgQueue['limits'],
  key: { readonly row: GrantRow; readonly perHour: number } | null,
): readonly Window[] {
  const hour = {
    name: 'hour',
    owner: ORG,
    used: org.hourUsed,
    limit: perHour,
    seconds: org.hourSeconds,
    windowSeconds: HOUR_S,
  }
  const day = {
    name: 'day',
    owner: ORG,
    used: org.dayUsed,
    limit: perDay,
    seconds: org.daySeconds,
    windowSeconds: DAY_S,
  }
  if (key === null) return [hour, day]
  const { row } = key
  const own = {
    name: 'key',
    owner: row.subject,
    used: row.hourUsed,
    limit: key.perHour,
    seconds: row.hourSeconds,
    windowSeconds: HOUR_S,
  }
  return [hour, day, own]
}

function stateOf(windows: readonly Window[]): RateState {
  const left = ({ used, limit }: Window): number => Math.max(0, limit - used)
  const tightest = windows.reduce((a, b) => (left(b) < left(a) ? b : a))
  return {
    limit: tightest.limit,
    remaining: left(tightest),
    resetSeconds: Math.max(1, Math.ceil(tightest.seconds)),
    policy: windows.map(({ name, limit, windowSeconds }) => ({ name, limit, windowSeconds })),
  }
}

function nameOf(org: OrgId, subject: string): string {
  return `${org} ${subject}`
}

function signatureOf(perHour: number, perDay: number): string {
  return `${perHour}/${perDay}`
}
