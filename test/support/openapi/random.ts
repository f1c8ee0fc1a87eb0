export type Random = ReturnType<typeof randomFrom>

/** xorshift32: the same seed gives the same choices. */
export function randomFrom(seed: number) {
  let state = (seed ^ 0x9e3779b9) | 1
  const below = (limit: number): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return Math.floor(((state >>> 0) / 2 ** 32) * limit)
  }
  const pick = <T>(list: readonly T[]): T => {
    if (list.length === 0) throw new Error('there is nothing to pick from')
    return list[below(list.length)] as T
  }
  return { below, pick, chance: (share: number): boolean => below(1e6) < share * 1e6 }
}
