/** Signed events of Stripe over HTTP into `tenon serve`, some of them twice, beside plain inserts of the same size. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { cpuBetween, cpuTime } from './api/cpu-time.ts'
import { startServer } from './api/server.ts'
import { ROOT_KEY } from './api/setting.ts'
import { interruptible, ownPostgres } from './setting.ts'
import { sendWebhooks, type WebhookLoadResult } from './webhooks/load.ts'
import { plainInserts, storedEvents } from './webhooks/plain-insert.ts'

export interface WebhookResults extends WebhookLoadResult {
  /** For each delivery; null where the system does not tell. */
  readonly cpuMicros: number | null
  readonly postgresCpuMicros: number | null
  readonly duplicates: number
  readonly sizeBytes: number
  readonly plainPerSecond: number
  /** Deliveries answered per plain insert. */
  readonly toPlain: number
  /** Every event that was accepted is a row, and no row is there twice. */
  readonly exact: boolean
}

const TENON = fileURLToPath(new URL('../bin/tenon.js', import.meta.url))
const SECONDS = 10
const WARM_UP_SECONDS = 3
/** Of a subscription or an invoice, as Stripe sends them. */
const SIZE_BYTES = 3_000
const DUPLICATES = 0.1

export function benchWebhooks(): Promise<WebhookResults> {
  return interruptible(measure)
}

async function measure(signal: AbortSignal): Promise<WebhookResults> {
  await using ends = new AsyncDisposableStack()
  const { folder, databaseUrl, postgresPid } = await ownPostgres(ends, { name: 'webhooks', signal })
  const secret = `whsec_${randomBytes(24).toString('hex')}`
  const server = await startServer({
    name: 'tenon',
    folder,
    signal,
    args: [TENON, 'serve'],
    env: (port) => ({
      DATABASE_URL: databaseUrl,
      LOG_LEVEL: 'info',
      TENON_AUTH_SECRET: ROOT_KEY,
      TENON_DATA_DIR: join(folder, 'tenon'),
      TENON_PORT: String(port),
      TENON_QUEUE_KEY: ROOT_KEY,
      TENON_ROOT_KEY: ROOT_KEY,
      TENON_STRIPE_BASE_URL: 'http://127.0.0.1:9',
      TENON_STRIPE_SECRET_KEY: 'sk_test_of_a_bench',
      TENON_STRIPE_WEBHOOK_SECRET: secret,
    }),
  })
  ends.defer(() => server.stop())
  const load = { url: `${server.url}/v1/stripe/webhook`, secret, sizeBytes: SIZE_BYTES, duplicates: DUPLICATES }
  await sendWebhooks({ ...load, seconds: WARM_UP_SECONDS }, signal)
  const before = await storedEvents(databaseUrl)
  const cpuBefore = cpuTime(server.pid, postgresPid)
  const result = await sendWebhooks({ ...load, seconds: SECONDS }, signal)
  const cpu = cpuBetween(cpuBefore, cpuTime(server.pid, postgresPid))
  const answered = result.accepted + result.known
  const after = await storedEvents(databaseUrl)
  const { perSecond: plainPerSecond } = await plainInserts(databaseUrl, { seconds: SECONDS / 2, sizeBytes: SIZE_BYTES })
  return {
    ...result,
    cpuMicros: cpu === null ? null : cpu.process / answered,
    postgresCpuMicros: cpu === null ? null : cpu.postgres / answered,
    duplicates: DUPLICATES,
    sizeBytes: SIZE_BYTES,
    plainPerSecond,
    toPlain: result.perSecond / plainPerSecond,
    exact: after - before === result.accepted,
  }
}
