import { missingResource } from './failure.ts'
import { expand, integer, text } from './params.ts'
import type { List } from './wire.ts'

/** What every list takes. */
export const paging = {
  ...expand,
  limit: integer({ min: 1, max: 100 }),
  starting_after: text(),
  ending_before: text(),
}
interface Paging {
  readonly limit?: number
  readonly starting_after?: string
  readonly ending_before?: string
}

/** Newest first, as Stripe lists; `made` is in the order of making. */
export function newestFirst<T extends { readonly id: string }>(
  made: readonly T[],
  given: Paging,
  url: string,
): List<T> {
  return page(made.toReversed(), given, url)
}

/** @throws StripeFailure when a cursor names nothing in the list. */
export function page<T extends { readonly id: string }>(
  all: readonly T[],
  { limit = 10, starting_after: after, ending_before: before }: Paging,
  url: string,
): List<T> {
  const answer = (data: readonly T[], more: boolean): List<T> => ({ object: 'list', data, has_more: more, url })
  if (before !== undefined) {
    const end = indexOf(all, before, 'ending_before')
    const start = Math.max(0, end - limit)
    return answer(all.slice(start, end), start > 0)
  }
  const start = after === undefined ? 0 : indexOf(all, after, 'starting_after') + 1
  return answer(all.slice(start, start + limit), start + limit < all.length)
}

function indexOf(all: readonly { readonly id: string }[], id: string, param: string): number {
  const index = all.findIndex((object) => object.id === id)
  if (index === -1) throw missingResource('object', id, param)
  return index
}
