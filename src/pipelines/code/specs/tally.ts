import { dirOf, upward } from '../graph/resolve/paths.ts'

/** Of those that could follow it, so many must follow a convention. */
export const SHARE = 0.8

export interface Counts {
  readonly total: number
  readonly by: ReadonlyMap<string, Counted>
}

interface Counted {
  count: number
  /** The first by path. */
  example: string
}

/** How often what is found in each folder, with those below it. */
export interface Tally {
  add(path: string, value: string): void
  at(dir: string): Counts | null
}

export function createTally(): Tally {
  const dirs = new Map<string, { total: number; by: Map<string, Counted> }>()
  const chains = new Map<string, readonly string[]>()
  return {
    add: (path, value) => {
      const dir = dirOf(path)
      let chain = chains.get(dir)
      if (chain === undefined) chains.set(dir, (chain = upward(dir)))
      for (const above of chain) {
        let counts = dirs.get(above)
        if (counts === undefined) dirs.set(above, (counts = { total: 0, by: new Map() }))
        counts.total++
        const counted = counts.by.get(value)
        if (counted === undefined) counts.by.set(value, { count: 1, example: path })
        else {
          counted.count++
          if (path < counted.example) counted.example = path
        }
      }
    },
    at: (dir) => dirs.get(dir) ?? null,
  }
}

export interface Learned {
  /** Folder that it was learned from. */
  readonly dir: string
  readonly value: string
  readonly followed: number
  readonly of: number
  readonly example: string
}

/**
 * What the nearest folder that has enough files to tell does; null when it does now this and now that, even if a folder
 * above it does not.
 */
export function learnedAt(tally: Tally, dir: string, least: number): Learned | null {
  for (const at of upward(dir)) {
    const counts = tally.at(at)
    if (counts !== null && counts.total >= least) return dominant(counts, at)
  }
  return null
}

export function dominant({ total, by }: Counts, dir: string): Learned | null {
  const [best] = [...by].toSorted(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
  if (best === undefined || best[1].count < SHARE * total) return null
  return { dir, value: best[0], followed: best[1].count, of: total, example: best[1].example }
}

export function nameOfDir(dir: string): string {
  return dir === '' ? 'the repository' : `\`${dir}\``
}
