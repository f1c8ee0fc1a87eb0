export interface Refunded {
  readonly id: string
  readonly amountCents: number
}

export interface TakenBack {
  /** What each refund takes back, by its id. */
  readonly parts: readonly { readonly id: string; readonly credits: number }[]
  /** What rounding has left, once everything was given back; else nothing. */
  readonly rest: number
}

/**
 * The part that each refund is of what was paid, rounded down: it depends on no other refund, since they may come to be
 * known in any order. Refunds of everything take back everything, in however many pieces.
 */
export function creditsOfRefunds(
  refunds: readonly Refunded[],
  { paidCents, credits }: { readonly paidCents: number; readonly credits: number },
): TakenBack {
  const partOf = (cents: number): number =>
    paidCents <= 0 ? 0 : Number((BigInt(credits) * BigInt(Math.min(cents, paidCents))) / BigInt(paidCents))
  const parts = refunds.map(({ id, amountCents }) => ({ id, credits: partOf(amountCents) }))
  const givenBackCents = refunds.reduce((sum, { amountCents }) => sum + amountCents, 0)
  const taken = parts.reduce((sum, part) => sum + part.credits, 0)
  const isWhole = paidCents > 0 && givenBackCents >= paidCents
  return { parts, rest: isWhole ? Math.max(0, credits - taken) : 0 }
}
