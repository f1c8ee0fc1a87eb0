import { syncCustomer } from './sync-customer.ts'

export const customerSubscriptionDeleted = syncCustomer
