import { syncCustomer } from './sync-customer.ts'

export const customerSubscriptionUpdated = syncCustomer
