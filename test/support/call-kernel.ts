import { systemClock } from '../../src/kernel/clock.ts'
import type { Operation } from '../../src/contract/operation.ts'
import type { CallRequest } from '../../src/kernel/call.ts'
import type { Ctx } from '../../src/kernel/ctx.ts'
import type { LimitedCaller } from '../../src/kernel/limiter.ts'
import { createCaller, type CallerOptions, type Outcome } from '../../src/kernel/run-operation.ts'
import { silentLog } from './database.ts'

export interface KernelCall {
  readonly outcome: Outcome
  /** Whom the call was counted on, in order. */
  readonly counted: readonly LimitedCaller[]
  /** What the verb was given; null when it did not run. */
  readonly seen: Ctx | null
}

/** One call through the kernel alone: its verb answers `done`, its limiter lets everybody through unless `over` says otherwise. */
export async function callKernel(
  operation: Operation,
  { authenticate, ...over }: Pick<CallerOptions, 'authenticate'> & Partial<CallerOptions>,
  request: Partial<CallRequest> = {},
): Promise<KernelCall> {
  const counted: LimitedCaller[] = []
  let seen: Ctx | null = null
  const run = async (ctx: Ctx) => {
    seen = ctx
    return 'done'
  }
  const limiter: CallerOptions['limiter'] = {
    take: async (caller) => {
      counted.push(caller)
      return null
    },
  }
  const outcome = await createCaller({
    verbs: [{ operation, run }],
    authenticate,
    limiter,
    findOrg: async () => null,
    tenant: () => {
      throw new Error('no tenant')
    },
    log: silentLog,
    clock: systemClock,
    ...over,
  }).call(operation, {
    credentials: {},
    input: { params: {}, query: {}, body: {} },
    requestId: 'req-1234',
    signal: new AbortController().signal,
    address: '192.0.2.1',
    ...request,
  })
  return { outcome, counted, seen }
}
