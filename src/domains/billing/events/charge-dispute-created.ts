import { applyDispute } from './apply-dispute.ts'

export const chargeDisputeCreated = applyDispute
