import type { DataOf, InputOf, Operation } from '../contract/operation.ts'
import type { Ctx } from './ctx.ts'

/** What the verb of a paginated operation answers. */
export interface Page<T> {
  readonly data: T
  readonly nextCursor: string | null
}

export type Verb<Op> = (ctx: Ctx, input: InputOf<Op>) => Promise<DataOf<Op> | Page<DataOf<Op>>>

/** A verb that is bound to its operation, its types forgotten: the kernel has parsed the input and checks the output. */
export interface BoundVerb {
  readonly operation: Operation
  readonly run: (ctx: Ctx, input: object) => Promise<unknown>
}

/** `input` has params, query and body in one object; its `org`, where there is one, is the id of the caller's own. */
export function implement<Op extends Operation>(operation: Op, verb: Verb<Op>): BoundVerb {
  // The only caller is the kernel, with what the operation's own schemas parsed.
  return { operation, run: verb as BoundVerb['run'] }
}
