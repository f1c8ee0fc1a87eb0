import { createHmac } from 'node:crypto'
import type { Log } from '../../kernel/ctx.ts'
import type { Database } from '../../platform/db/index.ts'
import { tracedFetch } from '../../platform/http/traced-fetch.ts'
import { findOrganizations } from '../identity/index.ts'
import { markDelivered, takeDue } from './alerts.sql.ts'

/** Where the operator wants to hear of alerts. */
export interface AlertWebhook {
  readonly url: string
  /** What the bodies are signed with. */
  readonly secret: string
}

const AT_ONCE = 20
const TIMEOUT_MS = 10_000

/** Sends what is due, each with a time limit of its own; what fails is sent again later. At least once, in no order. */
export async function tellWebhook(
  { db, log }: { readonly db: Database; readonly log: Log },
  webhook: AlertWebhook,
): Promise<void> {
  const due = await db.cross('reconciler', (sql) => sql.run(takeDue, { limit: AT_ONCE }))
  if (due.length === 0) return
  const orgs = await findOrganizations(db, [...new Set(due.map(({ orgId }) => orgId))])
  const slugs = new Map(orgs.map(({ id, slug }) => [id, slug]))
  await Promise.all(
    due.map(async ({ orgId, tries, ...alert }) => {
      const body = JSON.stringify({ type: 'alert.raised', org: { id: orgId, slug: slugs.get(orgId) }, alert })
      const failure = await send(webhook, body)
      if (failure === null) {
        await db.cross('reconciler', (sql) => sql.run(markDelivered, { org: orgId, id: alert.id }))
        return
      }
      log.warn({ org: orgId, alert: alert.id, tries, failure }, 'the webhook of alerts was not told')
    }),
  )
}

/** Answers why it failed, without anything of what the other side or the network has said. */
async function send({ url, secret }: AlertWebhook, body: string): Promise<string | null> {
  const t = Math.floor(Date.now() / 1_000)
  const signature = createHmac('sha256', secret).update(`${t}.${body}`).digest('hex')
  try {
    const response = await tracedFetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'tenon-signature': `t=${t},v1=${signature}` },
      body,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    await response.body?.cancel()
    return response.ok ? null : `status ${response.status}`
  } catch (error) {
    return error instanceof DOMException && error.name === 'TimeoutError' ? 'timeout' : 'no connection'
  }
}
