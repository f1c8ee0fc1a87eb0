import { applyDispute } from './apply-dispute.ts'

export const chargeDisputeClosed = applyDispute
