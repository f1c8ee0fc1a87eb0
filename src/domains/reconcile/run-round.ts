import { z } from 'zod'
import type { OrgId } from '../../contract/ids.ts'
import type { ReconcileReport } from '../../contract/reconcile.ts'
import { decodeCursor, encodeCursor } from '../../kernel/cursor.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { findOrg, orgIds } from '../identity/index.ts'
import { checkCustomers } from './check-customers.ts'
import { checkLooseEnds } from './check-loose-ends.ts'
import type { ReconcileDeps } from './deps.ts'
import { reconcileOrg } from './reconcile-org.ts'
import { createTally, isOpen, type Tally } from './tally.ts'

export interface RoundOptions {
  readonly dryRun: boolean
  /** Slug or id of the only organisation to look at. */
  readonly only?: string | undefined
  /** Of the report before. */
  readonly cursor?: string | undefined
  /** After so long what is left waits for the next call. */
  readonly budgetMs: number
  readonly signal: AbortSignal
  /** Whoever comes again goes on behind what has failed; others are told why nothing could be compared. */
  readonly goesOn?: boolean
}

const position = z.strictObject({ after: z.string().max(64) })
const MOST_SEEN = 200
/** So many in a row, and it is Stripe that has failed. */
const MOST_FAILURES = 3

/**
 * Compares everything, or a part of it. All that it mends can be mended by several at once: each repair is decided by what
 * it repairs.
 *
 * @throws TenonError `not_found`, `invalid_cursor`, and what has failed when nothing could be compared
 */
export async function runRound(deps: ReconcileDeps, options: RoundOptions): Promise<ReconcileReport> {
  const round = await compareIn(deps, options)
  // Stripe is away, or the key is wrong: there is nothing to report.
  const { length } = round.failures
  if (options.goesOn !== true && length > 0 && length >= round.orgs) throw round.failures.at(-1)
  return reportOf(round)
}

async function compareIn(deps: ReconcileDeps, options: RoundOptions): Promise<Round> {
  const { dryRun, only, cursor, signal } = options
  const after = cursor === undefined ? '' : decodeCursor(cursor, position).after
  const round: Round = { deps, options, tally: createTally(), orgs: 0, after, failures: [], nextCursor: null }
  if (only !== undefined) {
    const org = await findOrg(deps.db, only)
    if (org === null) throw new TenonError('not_found')
    await compare(round, org.id)
    return round
  }
  const whole = { deps, dryRun, tally: round.tally, signal }
  if (after === '' && deps.billing !== null) await attempt(round, 'events', () => checkEvents(round))
  if (!(await compareAll(round))) return round
  const { billing } = deps
  if (billing !== null) await attempt(round, 'customers', () => checkCustomers(whole, billing))
  await attempt(round, 'loose ends', () => checkLooseEnds(whole))
  // The organisations are through, the rest is not.
  if (signal.aborted) round.nextCursor = encodeCursor({ after: round.after })
  return round
}

interface Round {
  readonly deps: ReconcileDeps
  readonly options: RoundOptions
  readonly tally: Tally
  orgs: number
  /** The last organisation that was compared. */
  after: string
  readonly failures: unknown[]
  nextCursor: string | null
}

/** Answers false when the rest has to wait. */
async function compareAll(round: Round): Promise<boolean> {
  const { deps, options } = round
  const until = performance.now() + options.budgetMs
  let inARow = 0
  for await (const org of orgIds(deps.db, round.after)) {
    if (performance.now() > until || options.signal.aborted) {
      round.nextCursor = encodeCursor({ after: round.after })
      return false
    }
    inARow = (await compare(round, org)) ? 0 : inARow + 1
    round.after = org
    if (inARow < MOST_FAILURES) continue
    round.nextCursor = encodeCursor({ after: round.after })
    return false
  }
  return true
}

/** Answers false when it could not be compared; the others can be all the same. */
async function compare(round: Round, org: OrgId): Promise<boolean> {
  const { deps, options, tally } = round
  round.orgs += 1
  return attempt(round, org, () => reconcileOrg(deps, org, { dryRun: options.dryRun, whole: tally }))
}

async function attempt({ deps, failures }: Round, what: string, work: () => Promise<void>): Promise<boolean> {
  try {
    await work()
    return true
  } catch (error) {
    deps.log.warn({ err: error, what }, 'something could not be reconciled')
    failures.push(error)
    return false
  }
}

async function checkEvents({ deps, options, tally }: Round): Promise<void> {
  const missed = (await deps.billing?.catchUp(options.dryRun)) ?? 0
  tally.checked('events', missed)
  for (let n = 0; n < missed; n++)
    tally.saw({ check: 'events', org: null, kind: 'events_missing', subject: 'stripe', repaired: !options.dryRun })
}

function reportOf({ deps, options, tally, orgs, failures, nextCursor }: Round): ReconcileReport {
  const checks = tally.checks()
  const isClean = failures.length === 0 && nextCursor === null && !isOpen(checks)
  return {
    verdict: isClean ? 'clean' : 'open',
    dryRun: options.dryRun,
    stripe: deps.billing !== null,
    orgs,
    failed: failures.length,
    checks,
    seen: tally.seen.slice(0, MOST_SEEN),
    nextCursor,
  }
}
