import { z } from 'zod'

/** Of the contract: rises when a client that knows the former version could break. */
export const API_VERSION = '1'
export const VERSION = '0.1.0'

/** Answer of `/healthz` and `/readyz`; outside the envelope, and with `api_version` in snake case, as probes expect it. */
export const health = z.strictObject({
  status: z.enum(['ok', 'unavailable']),
  version: z.string(),
  api_version: z.string(),
  checks: z.record(z.string(), z.enum(['ok', 'failed'])),
})
export type Health = z.output<typeof health>
