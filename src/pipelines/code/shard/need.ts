import { fold } from './fold.ts'
import { trigramsOf, type TrigramRange } from './trigrams.ts'

/** What a segment has to have so that it may match; those that have it are looked at. Made for one query. */
export type Need =
  | { readonly kind: 'anything' }
  /** Trigrams that stand near each other, the ones that fewest have first, as far as is known. */
  | { readonly kind: 'text'; readonly trigrams: TrigramRange[] }
  | { readonly kind: 'all' | 'any'; readonly parts: readonly Need[] }

export const ANYTHING: Need = { kind: 'anything' }

/** The text, in any case. */
export function needOfText(text: string): Need {
  const trigrams = trigramsOf(fold(text))
  return trigrams === null ? ANYTHING : { kind: 'text', trigrams }
}

export function all(parts: readonly Need[]): Need {
  const needed = parts.filter(({ kind }) => kind !== 'anything')
  const [only] = needed
  if (only === undefined) return ANYTHING
  return needed.length === 1 ? only : { kind: 'all', parts: needed }
}

export function any(parts: readonly Need[]): Need {
  if (parts.length === 0 || parts.some(({ kind }) => kind === 'anything')) return ANYTHING
  const [only] = parts
  return parts.length === 1 && only !== undefined ? only : { kind: 'any', parts }
}
