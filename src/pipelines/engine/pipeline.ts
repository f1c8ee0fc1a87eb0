import type { z } from 'zod'
import { MAX_CREDITS } from '../../contract/credits.ts'
import { MAX_STEP_MS } from '../../contract/timeouts.ts'
import type { ErrorCode, JsonValue } from '../../contract/errors.ts'
import type { OrgId, RunId, ScheduleId } from '../../contract/ids.ts'
import type { Limits } from '../../contract/plans.ts'
import type { Priority, Run } from '../../contract/runs.ts'
import type { Log } from '../../kernel/ctx.ts'
import type { Sql } from '../../kernel/statement.ts'
import type { StepName } from './claim.sql.ts'

/** What a step of a pipeline is given. */
export interface RunCtx<Input> {
  readonly org: OrgId
  readonly runId: RunId
  /** Fencing token of this chunk: of two workers on it, only the higher one can settle. None comes twice in a run. */
  readonly attempt: number
  readonly input: Input
  readonly requestId: string
  /** Aborted when the step takes too long, the lease is lost, the run is cancelled or the worker stops. */
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

export interface Plan {
  /** The inputs of the work chunks, one each; they may be made as they are asked for. */
  readonly chunks: Iterable<JsonValue> | AsyncIterable<JsonValue>
  readonly effects?: Effects
}

/** What has come of a work chunk; without a result it has failed for good. */
export interface ChunkResult {
  readonly n: number
  readonly result: JsonValue
  readonly error: ErrorCode | null
}

/** What every start of a run has in common. */
export interface StartCall {
  readonly org: OrgId
  readonly limits: Limits
  readonly requestId: string
  readonly createdBy: string
  readonly priority: Priority
  readonly schedule: ScheduleId | null
}

export interface RunFacts<Input> {
  readonly org: OrgId
  readonly runId: RunId
  readonly subject: string | null
  readonly input: Input
}

/**
 * In credits, whole ones: for a run that ends well, and for each of its work chunks that is done. It is set aside when the
 * run is started, and in full when it is planned; what was not used goes back.
 */
export interface Price {
  readonly run: number
  readonly chunk: number
}

/** Everything about one kind of run; the engine does the rest. */
export interface Pipeline<Input = never, Request = never> {
  /** `provider/domain/pipeline` */
  readonly id: string
  readonly title: string
  readonly input: z.ZodType<Input>
  /** Providers whose credentials a run needs. */
  readonly needs: readonly string[]
  readonly price: Price
  /** Chunks of one run that may be under way at once. */
  readonly maxActive: number
  /** Whether the run goes on when a work chunk has failed for good, and then ends `completed_with_errors`. */
  readonly toleratesFailures: boolean
  /** Longest time of a step, in milliseconds; that of the table of timeouts when left out. */
  readonly timeoutsMs?: Partial<Readonly<Record<StepName, number>>>
  /** How `runs.start` and schedules start one: `begin` calls `startRun` in the transaction that it is given. */
  readonly start?: {
    readonly request: z.ZodType<Request>
    begin(sql: Sql, call: StartCall, request: Request): Promise<Run>
  }
  plan(ctx: RunCtx<Input>): Promise<Plan>
  processChunk(ctx: RunCtx<Input>, chunk: JsonValue, n: number): Promise<StepResult>
  /** With what has come of all work chunks, in their order; its result is the run's summary. */
  finish(ctx: RunCtx<Input>, results: AsyncIterable<ChunkResult>): Promise<StepResult>
  /** In the transaction that ends the run as failed or cancelled. */
  readonly onStopped?: (sql: Sql, run: RunFacts<Input>) => Promise<void>
  /** In the transaction that tries an ended run again. */
  readonly onRetried?: (sql: Sql, run: RunFacts<Input>) => Promise<void>
}

type Optional = 'needs' | 'price' | 'toleratesFailures'

/** Checks a pipeline; forgets the types of input and request, which the engine parses before it hands them on. */
export function definePipeline<Input, Request = never>(
  given: Omit<Pipeline<Input, Request>, Optional> & Partial<Pick<Pipeline<Input, Request>, Optional>>,
): Pipeline {
  const pipeline = { needs: [], price: { run: 0, chunk: 0 }, toleratesFailures: false, ...given }
  const { id, price, timeoutsMs = {} } = pipeline
  if (!/^[a-z]+\/[a-z]+\/[a-z]+$/.test(id)) throw new Error(`${id} is not the id of a pipeline`)
  for (const credits of [price.run, price.chunk])
    if (!Number.isInteger(credits) || credits < 0 || credits > MAX_CREDITS)
      throw new Error(`the price of ${id} is not a number of credits`)
  for (const ms of Object.values(timeoutsMs))
    if (ms > MAX_STEP_MS) throw new Error(`a step of ${id} may take longer than any step`)
  return pipeline as unknown as Pipeline
}

export type PipelineMap = ReadonlyMap<string, Pipeline>
