import type { Metric } from '../../contract/alerts.ts'
import type { ErrorCode } from '../../contract/errors.ts'
import type { OrgId } from '../../contract/ids.ts'
import type { Call } from '../../kernel/call.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { isProbe } from '../audit/index.ts'
import { addActivity } from './alerts.sql.ts'

export interface RefusalCounter {
  count(call: Call, code: ErrorCode): void
  /** Writes what is not written yet. */
  flush(): Promise<void>
}

/** A flood of refusals is one statement in so long; a crash loses no more than that. */
const FLUSH_MS = 5_000

/** Counts in memory, since a refusal must cost whoever asks for it more than us. */
export function createRefusalCounter({ db, log }: { readonly db: Database; readonly log: Log }): RefusalCounter {
  let counts = new Map<string, { org: OrgId; metric: Metric; count: number }>()
  let timer: NodeJS.Timeout | undefined
  const flush = async (): Promise<void> => {
    clearTimeout(timer)
    timer = undefined
    const taken = [...counts.values()]
    counts = new Map()
    if (taken.length === 0) return
    const params = {
      orgs: taken.map(({ org }) => org),
      metrics: taken.map(({ metric }) => metric),
      counts: taken.map(({ count }) => count),
    }
    await db
      .cross('reconciler', (sql) => sql.run(addActivity, params))
      .catch((error: unknown) => log.warn({ err: error, lost: taken.length }, 'refusals could not be counted'))
  }
  return {
    count(call, code) {
      const { org } = call.principal
      const metric = metricOf(call, code)
      if (org === null || metric === null) return
      const key = `${org.id} ${metric}`
      const known = counts.get(key) ?? { org: org.id, metric, count: 0 }
      known.count += 1
      counts.set(key, known)
      timer ??= setTimeout(() => void flush(), FLUSH_MS).unref()
    },
    flush,
  }
}

function metricOf(call: Call, code: ErrorCode): Metric | null {
  switch (code) {
    case 'invalid_api_key':
    case 'forbidden':
      return 'refusedKeys'
    case 'unknown_pipeline':
      return 'unknownNames'
    default:
      return isProbe(call, code) ? 'foreignIds' : null
  }
}
