import type { z } from 'zod'
import type { JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId } from '../../contract/ids.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'

/** What a step of a pipeline is given. */
export interface RunCtx<Input> {
  readonly org: OrgId
  readonly runId: RunId
  /** Fencing token of this chunk: of two workers on it, only the higher one can settle. */
  readonly attempt: number
  readonly input: Input
  readonly requestId: string
  /** Aborted when the lease is lost, the run is over or the worker stops. */
  readonly signal: AbortSignal
  readonly log: Log
  /** Writes a line to the run's own log, redacted. */
  say(level: 'info' | 'warn' | 'error', message: string): Promise<void>
  inTenant<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}

/** Runs in the transaction that settles the step, as the tenant, after the attempt was checked: once, or not at all. */
export type Effects = (sql: Sql) => Promise<void>

export interface StepResult {
  readonly result: JsonValue
  readonly effects?: Effects
  /** After the settlement was committed; may be lost in a crash. */
  readonly after?: () => Promise<void>
}

/** Everything about one kind of run; the engine does the rest. */
export interface Pipeline<Input = never> {
  /** `provider/domain/pipeline` */
  readonly id: string
  readonly input: z.ZodType<Input>
  /** Chunks of one run that may be under way at once. */
  readonly maxActive: number
  /** The inputs of the work chunks, one each. */
  plan(ctx: RunCtx<Input>): Promise<{ readonly chunks: readonly JsonValue[]; readonly effects?: Effects }>
  processChunk(ctx: RunCtx<Input>, chunk: JsonValue, n: number): Promise<StepResult>
  /** With the results of all work chunks in their order; its result is the run's summary. */
  finish(ctx: RunCtx<Input>, results: readonly JsonValue[]): Promise<StepResult>
  /** In the transaction that ends the run as failed. */
  readonly onFailed?: (sql: Sql, run: { org: OrgId; runId: RunId; input: Input }) => Promise<void>
}

/** Checks the id; forgets the type of the input, which the engine parses before every step. */
export function definePipeline<Input>(pipeline: Pipeline<Input>): Pipeline {
  if (!/^[a-z]+\/[a-z]+\/[a-z]+$/.test(pipeline.id)) throw new Error(`${pipeline.id} is not the id of a pipeline`)
  return pipeline as unknown as Pipeline
}
