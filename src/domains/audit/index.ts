import type { BoundVerb } from '../../kernel/verb.ts'
import { listAuditVerb } from './list-audit.ts'

export { appendAudit } from './append.ts'
export { verifyChain } from './chain.ts'
export { auditRefusals, auditStep, isProbe } from './steps.ts'

export const auditVerbs: readonly BoundVerb[] = [listAuditVerb]
