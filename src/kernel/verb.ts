import type { DataOf, InputOf, Operation } from '../contract/operation.ts'
import type { Ctx } from './ctx.ts'

/** What the verb of a list answers. */
export interface Page<Data> {
  readonly data: Data
  readonly nextCursor: string | null
}

type Answer<Op extends Operation> = Op['paginated'] extends true ? Page<DataOf<Op>> : DataOf<Op> | Page<DataOf<Op>>
export type Verb<Op> = Op extends Operation ? (ctx: Ctx, input: InputOf<Op>) => Promise<Answer<Op>> : never

/** An operation with the function that does it. */
export interface BoundVerb {
  readonly operation: Operation
  run(ctx: Ctx, input: Record<string, unknown>): Promise<unknown>
}

export function implement<Op extends Operation>(operation: Op, verb: Verb<Op>): BoundVerb {
  // The kernel calls it with what the operation's own schemas parsed.
  return { operation, run: verb as unknown as BoundVerb['run'] }
}
