import type { DataOf, InputOf, Operation } from '../contract/operation.ts'
import type { Ctx } from './ctx.ts'

/** What the verb of a paginated operation answers. */
export interface Page<T> {
  readonly data: T
  readonly nextCursor: string | null
}

/** One of the events that an operation of kind `events` answers. */
export interface StreamEvent<Data = unknown> {
  /** Where another stream goes on after it. */
  readonly id: string
  readonly event: string
  readonly data: Data
}

/** What the verb answers in place of its data when the query's `format` names one of the operation's `drawings`. */
export interface Drawing {
  readonly format: string
  readonly text: string
}

export type Verb<Op> = (
  ctx: Ctx,
  input: InputOf<Op>,
) => Promise<DataOf<Op> | Page<DataOf<Op>> | AsyncIterable<StreamEvent<DataOf<Op>>> | Drawing>

/** A verb that does something before its transaction opens, or after it was committed: no network call stands inside one. */
export interface PreparedVerb<Op, Prepared> {
  /** Changes nothing. */
  prepare?(ctx: Ctx, input: InputOf<Op>): Promise<Prepared>
  run(ctx: Ctx, input: InputOf<Op>, prepared: Prepared): Promise<DataOf<Op> | Drawing>
  /** When the transaction was committed; may be lost in a crash. */
  after?(ctx: Ctx): void
}

/** A verb that is bound to its operation, its types forgotten: the kernel has parsed the input and checks the output. */
export interface BoundVerb {
  readonly operation: Operation
  readonly prepare?: (ctx: Ctx, input: object) => Promise<unknown>
  readonly run: (ctx: Ctx, input: object, prepared: unknown) => Promise<unknown>
  readonly after?: (ctx: Ctx) => void
}

/** `input` has params, query and body in one object; its `org`, where there is one, is the id of the caller's own. */
export function implement<Op extends Operation, Prepared>(
  operation: Op,
  verb: Verb<Op> | PreparedVerb<Op, Prepared>,
): BoundVerb {
  // The only caller is the kernel, with what the operation's own schemas parsed and its `prepare` answered.
  return { operation, ...(typeof verb === 'function' ? { run: verb } : verb) } as unknown as BoundVerb
}
