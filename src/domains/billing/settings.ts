import type { PackName } from '../../contract/billing.ts'
import type { PlanName } from '../../contract/plans.ts'

/** What a price stands for. */
export type Sold = { readonly plan: PlanName } | { readonly pack: PackName }

export interface StripeSettings {
  readonly secretKey: string
  /** Of the webhook endpoint; several while they are exchanged. */
  readonly webhookSecrets: readonly string[]
  /** Ids of prices that stand for something here; any other grants nothing. The first of a plan or pack is sold. */
  readonly prices: ReadonlyMap<string, Sold>
  readonly baseUrl: string
  /** It is the simulator that Tenon brings along. */
  readonly sandbox: boolean
}

/** Keys say themselves whether there is real money behind them. */
export function isLive({ secretKey }: Pick<StripeSettings, 'secretKey'>): boolean {
  return /^[a-z]{2}_live_/.test(secretKey)
}

export function planOfPrice(prices: StripeSettings['prices'], price: string | null): PlanName | null {
  const sold = price === null ? undefined : prices.get(price)
  return sold !== undefined && 'plan' in sold ? sold.plan : null
}

export function packOfPrice(prices: StripeSettings['prices'], price: string | null): PackName | null {
  const sold = price === null ? undefined : prices.get(price)
  return sold !== undefined && 'pack' in sold ? sold.pack : null
}

/** The price that a plan or pack is sold at now. */
export function priceToSell(
  prices: StripeSettings['prices'],
  wanted: Partial<Record<'plan' | 'pack', string>>,
): string | null {
  for (const [id, sold] of prices) if ('plan' in sold ? sold.plan === wanted.plan : sold.pack === wanted.pack) return id
  return null
}
