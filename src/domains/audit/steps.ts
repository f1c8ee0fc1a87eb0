import type { ErrorCode } from '../../contract/errors.ts'
import type { TenantOf } from '../../kernel/call-ctx.ts'
import type { Call, Step } from '../../kernel/call.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { appendAudit, factsOfCall } from './append.ts'

/** Refusals of somebody whose organisation is known that its owners want to see. */
const TOLD: ReadonlySet<ErrorCode> = new Set<ErrorCode>(['forbidden', 'invalid_api_key', 'quota_exceeded'])

/** The entry commits with what it tells of; when it can not be written, nothing is done. */
export const auditStep: Step = async (call, next) => {
  const { operation, sql, principal } = call
  if (operation.audited && sql !== null && principal.org !== null) {
    try {
      await appendAudit(sql, principal.org.id, factsOfCall(call, null))
    } catch (cause) {
      throw new TenonError('audit_unavailable', { cause })
    }
  }
  await next()
}

/** A refusal has no transaction, so its entry has one of its own. */
export function auditRefusals(tenant: TenantOf): (call: Call, error: TenonError) => Promise<void> {
  return async (call, { code, details = {} }) => {
    const { org } = call.principal
    if (org === null || !(TOLD.has(code) || isProbe(call, code))) return
    await tenant(org.id).write((sql) => appendAudit(sql, org.id, factsOfCall(call, { code, details })))
  }
}

/** Another organisation was named: the own one hears of it, not the other. */
export function isProbe({ request, principal: { org } }: Call, code: ErrorCode): boolean {
  const named = request.input.params['org']
  return code === 'not_found' && org !== null && named !== undefined && named !== org.id && named !== org.slug
}
