import type { Envelope } from '../../contract/operation.ts'
import { ALERT_RENDERERS } from './render-alerts.ts'
import { ACCOUNT_RENDERERS } from './render-accounts.ts'
import { renderAudit } from './render-audit.ts'
import { CODE_RENDERERS } from './render-code.ts'
import { BILLING_RENDERERS } from './render-billing.ts'
import { CREDIT_RENDERERS } from './render-credits.ts'
import { FINDING_RENDERERS } from './render-findings.ts'
import { GRAPH_RENDERERS } from './render-graph.ts'
import { ISSUER_RENDERERS } from './render-issuers.ts'
import { renderKeys, renderMe, renderNewKey, renderRevokedKey, renderRotatedKey } from './render-identity.ts'
import { renderClosed, renderOnboarded, renderOrganization } from './render-organizations.ts'
import { renderLimits } from './render-limits.ts'
import { MEMBER_RENDERERS } from './render-members.ts'
import { PROJECT_RENDERERS } from './render-projects.ts'
import { RECONCILE_RENDERERS } from './render-reconcile.ts'
import { RUN_RENDERERS } from './render-runs.ts'
import { SCHEDULE_RENDERERS } from './render-schedules.ts'
import { columnsOf } from './text-width.ts'
import { styleOf, type Look, type Renderers } from './text.ts'

/** What a person sees of each operation's answer; what has no entry is shown as JSON. */
const RENDERERS: Renderers = {
  'me.get': renderMe,
  'apiKeys.create': renderNewKey,
  'apiKeys.rotate': renderRotatedKey,
  'apiKeys.revoke': renderRevokedKey,
  'apiKeys.revokeSelf': renderRevokedKey,
  'apiKeys.list': renderKeys,
  'limits.get': renderLimits,
  'limits.set': renderLimits,
  'organizations.onboard': renderOnboarded,
  'organizations.update': renderOrganization,
  'organizations.delete': renderClosed,
  'audit.list': renderAudit,
  ...ALERT_RENDERERS,
  ...ACCOUNT_RENDERERS,
  ...CODE_RENDERERS,
  ...BILLING_RENDERERS,
  ...CREDIT_RENDERERS,
  ...FINDING_RENDERERS,
  ...GRAPH_RENDERERS,
  ...ISSUER_RENDERERS,
  ...MEMBER_RENDERERS,
  ...PROJECT_RENDERERS,
  ...RECONCILE_RENDERERS,
  ...RUN_RENDERERS,
  ...SCHEDULE_RENDERERS,
}

export function render(operation: string, envelope: Envelope, look: Look): string {
  const renderer = RENDERERS[operation]
  if (renderer === undefined) return `${JSON.stringify(envelope.data, null, 2)}\n`
  const next = envelope.meta?.pagination.nextCursor
  const more = next === null || next === undefined ? '' : moreHint(next, look)
  return renderer(envelope.data as never, look) + more
}

/** The cursor stays in one piece, so that it can be copied. */
function moreHint(cursor: string, { width, colors }: Look): string {
  const style = styleOf(colors)
  const hint = `There is more: add --cursor ${cursor}`
  const lines = columnsOf(hint) <= width ? [hint] : ['There is more: add', `--cursor ${cursor}`]
  return `\n${lines.map((line) => `${style('dim', line)}\n`).join('')}`
}
