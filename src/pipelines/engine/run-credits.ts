import type { OrgId, RunId } from '../../contract/ids.ts'
import { releaseRest, reserveCredits, settleCredits, wasCharged } from '../../domains/credits/index.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { Price } from './pipeline.ts'

/** What a run costs, as it was when it was started; null for a free one, which no statement is spent on. */
export interface RunPrice {
  readonly priceRun: number | null
  readonly priceChunk: number | null
}

export function priceOf({ run, chunk }: Price): RunPrice {
  return run === 0 && chunk === 0 ? { priceRun: null, priceChunk: null } : { priceRun: run, priceChunk: chunk }
}

/** For so many work chunks, and for the run itself unless that was charged in an earlier life. */
export function costOf(
  { priceRun, priceChunk }: RunPrice,
  { chunks, charged = false }: { readonly chunks: number; readonly charged?: boolean },
): number {
  return (charged ? 0 : (priceRun ?? 0)) + (priceChunk ?? 0) * chunks
}

interface RunKey {
  readonly org: OrgId
  readonly run: RunId
}

/** @throws TenonError `insufficient_credits` */
export async function reserveFor(
  sql: Sql,
  { org, run }: RunKey,
  { key, amount }: { readonly key: string; readonly amount: number },
): Promise<void> {
  if (amount > 0) await reserveCredits(sql, org, { run, key, amount })
}

/** Work of one run that is charged together; the key is that of one of its chunks, each of which is settled once. */
export interface Charge extends RunKey {
  readonly key: string
  readonly captured: number
  readonly released: number
}

/** What is not reserved any more can not be charged: the work is done all the same. */
export async function chargeRun(sql: Sql, charge: Charge, log: Log): Promise<void> {
  const { org, ...settlement } = charge
  if (settlement.captured + settlement.released === 0) return
  if (!(await settleCredits(sql, org, settlement)))
    log.error({ org, runId: settlement.run, captured: settlement.captured }, 'a run has done more than it has reserved')
}

/** What the settlement that ends a run, and the reservation of one that is done again as a whole, are called. */
const END = 'end'
const WHOLE = 'whole'

/**
 * What is done again is paid again, since what was not done was given back; the run itself only when it has not ended well
 * yet, or is done again as a whole.
 *
 * @throws TenonError `insufficient_credits`
 */
export async function reserveAgain(
  sql: Sql,
  { org, run }: RunKey,
  { price, whole, chunks, life }: { price: RunPrice; whole: boolean; chunks: number; life: string },
): Promise<void> {
  if (price.priceRun === null) return
  const charged = !whole && (await wasCharged(sql, org, { run, settlement: END, reservation: WHOLE }))
  const key = `${whole ? WHOLE : 'again'}:${life}`
  await reserveFor(sql, { org, run }, { key, amount: costOf(price, { chunks, charged }) })
}

/** In the transaction that ends the run: what it did not use goes back; of the rest, the price of the run is charged or not. */
export async function closeCredits(
  sql: Sql,
  { org, run }: RunKey,
  { priceRun, charge }: { readonly priceRun: number | null; readonly charge: boolean },
): Promise<void> {
  if (priceRun !== null) await releaseRest(sql, org, { run, key: END, capture: charge ? priceRun : 0 })
}
