/** What every process reads from the database, the same at each: of the whole installation, of nobody in particular. */
export interface ClusterCounts {
  readonly chunks: Readonly<Record<string, number>>
  readonly oldestReadySeconds: number
  readonly runs: Readonly<Record<string, number>>
  readonly jobs: Readonly<Record<string, number>>
  readonly workers: number
}

export interface ClusterReaderOptions {
  readonly read: () => Promise<ClusterCounts>
  /** Told once for each read that failed. */
  readonly failed: (error: unknown) => void
  /** How long an answer is good for, and how long is waited for one, in ms; 5,000 and 2,000 by default. */
  readonly freshMs?: number
  readonly waitMs?: number
}

/**
 * Answers null when the database does not answer in time. However often it is asked, at most one read is under way, also one
 * that hangs, and the database is asked once in `freshMs` at most, whatever came of it.
 */
export function createClusterReader(options: ClusterReaderOptions): () => Promise<ClusterCounts | null> {
  const { read, failed, freshMs = 5_000, waitMs = 2_000 } = options
  let last: { readonly at: number; readonly counts: ClusterCounts | null } | null = null
  let underWay: Promise<ClusterCounts | null> | null = null
  const ask = (): Promise<ClusterCounts | null> =>
    read()
      .catch((error: unknown) => {
        failed(error)
        return null
      })
      .then((counts) => {
        last = { at: performance.now(), counts }
        underWay = null
        return counts
      })
  return async () => {
    if (last !== null && performance.now() - last.at < freshMs) return last.counts
    underWay ??= ask()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(resolve, waitMs, null)
    })
    try {
      return await Promise.race([underWay, late])
    } finally {
      clearTimeout(timer)
    }
  }
}
