import type { TenonError } from '../../kernel/tenon-error.ts'
import type { Call } from '../../kernel/call.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { BoundVerb } from '../../kernel/verb.ts'
import type { Database } from '../../platform/db/index.ts'
import { createRefusalCounter } from './count-refusals.ts'
import { listAlertsVerb } from './list-alerts.ts'
import { tellWebhook, type AlertWebhook } from './tell-webhook.ts'
import { watchActivity, type ActivitySource } from './watch.ts'

export type { HourCount } from './alerts.sql.ts'
export type { AlertWebhook } from './tell-webhook.ts'
export type { ActivitySource } from './watch.ts'

export interface AlertsOptions {
  readonly db: Database
  readonly log: Log
  readonly sources: readonly ActivitySource[]
  readonly webhook?: AlertWebhook | undefined
}

export interface Alerts {
  readonly verbs: readonly BoundVerb[]
  /** Told of every refusal. */
  refused(call: Call, error: TenonError): void
  /** Looks for what is unusual, and tells the webhook: what every worker does once a minute. */
  watch(): Promise<void>
  /** Writes what was counted and is not written yet. */
  flush(): Promise<void>
}

export function createAlerts({ db, log, sources, webhook }: AlertsOptions): Alerts {
  const counter = createRefusalCounter({ db, log })
  return {
    verbs: [listAlertsVerb],
    refused: (call, { code }) => counter.count(call, code),
    watch: async () => {
      await watchActivity({ db, log, sources, tells: webhook !== undefined })
      if (webhook !== undefined) await tellWebhook({ db, log }, webhook)
    },
    flush: () => counter.flush(),
  }
}
