import { syncCustomer } from './sync-customer.ts'

export const customerSubscriptionCreated = syncCustomer
