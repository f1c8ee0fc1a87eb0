import type { Dependencies } from '../../../contract/graph.ts'
import type { Impact } from '../../../contract/impact.ts'
import type { SpecReport } from '../../../contract/specs.ts'
import { BYTES_PER_TOKEN, sizeOf } from '../../../kernel/fit-page.ts'

/** A list of an answer, or of an object in it, as `changed.files`. */
type ListPath<T> = {
  [K in keyof T & string]: T[K] extends readonly unknown[]
    ? K
    : T[K] extends object
      ? { [L in keyof T[K] & string]: T[K][L] extends readonly unknown[] ? `${K}.${L}` : never }[keyof T[K] & string]
      : never
}[keyof T & string]

/** Lists that may be cut, the most important first, each with its part of the room when all are too long. */
export type ListShares<T> = readonly (readonly [path: ListPath<T>, share: number])[]

export const IMPACT_LISTS: ListShares<Impact> = [
  ['unknown', 6],
  ['risk.factors', 6],
  ['changed.symbols', 4],
  ['tests', 5],
  ['dependents', 8],
  ['endpoints', 4],
  ['nextSteps', 3],
  ['jobs', 2],
  ['changed.files', 3],
  ['cycles', 1],
]

export const DEPENDENCIES_LISTS: ListShares<Dependencies> = [
  ['unknown', 4],
  ['targets', 2],
  ['nodes', 8],
  ['cycles', 2],
  ['unresolved', 3],
  ['externals', 1],
]

export const SPEC_LISTS: ListShares<SpecReport> = [
  ['findings', 8],
  ['unknown', 4],
  ['conventions', 2],
  ['checked', 1],
]

/**
 * Cuts lists at their ends until the answer has about so many tokens. Each list has its share of the room; what one does
 * not need goes to the others. Totals stay what they are.
 */
export function fitTokens<T extends { truncated: boolean }>(
  answer: T,
  maxTokens: number | undefined,
  shares: ListShares<T>,
): T {
  const whole = sizeOf(answer)
  if (maxTokens === undefined || whole <= maxTokens * BYTES_PER_TOKEN) return answer
  const lists = shares.map(([path, share]) => {
    const sizes = listAt(answer, path).map((entry) => sizeOf(entry) + 1)
    return { path, share, sizes, need: sum(sizes) }
  })
  const room = maxTokens * BYTES_PER_TOKEN - (whole - sum(lists.map(({ need }) => need)))
  const given = shareOut(Math.max(0, room), lists)
  const kept = lists.map(({ sizes }, i) => fittingPrefix(sizes, given[i] ?? 0))
  let left = room - sum(kept.map(({ size }) => size))
  const counts = lists.map(({ sizes }, i) => {
    const { count = 0, size = 0 } = kept[i] ?? {}
    // What is left of all shares, less than an entry each, goes to the most important.
    const more = fittingPrefix(sizes.slice(count), left)
    left -= more.size
    return { size: size + more.size, count: count + more.count }
  })
  return withLists(
    { ...answer, truncated: true },
    new Map(lists.map(({ path }, i) => [path, counts[i]?.count ?? 0] as const)),
  )
}

interface Share {
  readonly share: number
  readonly need: number
}

/** To each what it needs, or its share of what those leave that need less than theirs. */
function shareOut(room: number, lists: readonly Share[]): readonly number[] {
  const given = lists.map(() => 0)
  let open = lists.map((list, i) => ({ ...list, i }))
  let left = room
  while (open.length > 0) {
    const unit = left / sum(open.map(({ share }) => share))
    const content = open.filter(({ need, share }) => need <= unit * share)
    for (const { i, need, share } of content.length > 0 ? content : open)
      given[i] = content.length > 0 ? need : Math.floor(unit * share)
    if (content.length === 0) break
    left -= sum(content.map(({ need }) => need))
    open = open.filter((list) => !content.includes(list))
  }
  return given
}

function fittingPrefix(sizes: readonly number[], room: number): { count: number; size: number } {
  let [count, size] = [0, 0]
  for (const next of sizes) {
    if (size + next > room) break
    size += next
    count++
  }
  return { count, size }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0)
}

function listAt<T>(answer: T, path: ListPath<T>): readonly unknown[] {
  const value = path.split('.').reduce(memberOf, answer as unknown)
  return Array.isArray(value) ? value : []
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function withLists<T extends object>(answer: T, counts: ReadonlyMap<ListPath<T>, number>): T {
  const cut: Record<string, unknown> = {}
  for (const [path, count] of counts) {
    const list = listAt(answer, path).slice(0, count)
    const [name = '', inner] = path.split('.', 2)
    cut[name] = inner === undefined ? list : { ...asObject(cut[name] ?? memberOf(answer, name)), [inner]: list }
  }
  return { ...answer, ...cut }
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
