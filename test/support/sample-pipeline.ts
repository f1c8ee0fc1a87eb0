import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { JsonValue } from '../../src/contract/errors.ts'
import type { RunId } from '../../src/contract/ids.ts'
import { getRun, startRun as startRunOperation, type Priority, type Run } from '../../src/contract/runs.ts'
import { statement, type Sql } from '../../src/kernel/statement.ts'
import {
  definePipeline,
  startRun,
  type ChunkResult,
  type Pipeline,
  type RunCtx,
  type WorkerOptions,
} from '../../src/pipelines/engine/index.ts'
import { startTestNode, type TestNode, type TestOrg } from './node.ts'
import { waitFor } from './wait-for.ts'

const input = z.strictObject({ behaviour: z.string(), subject: z.string(), chunks: z.int().min(0) })
export type SampleInput = z.output<typeof input>
type Ctx = RunCtx<SampleInput>
type Facts = { readonly runId: RunId; readonly subject: string | null; readonly input: SampleInput }

/** What a test wants of a run in place of the usual. */
export interface Behaviour {
  plan?(ctx: Ctx): Iterable<JsonValue> | AsyncIterable<JsonValue> | Promise<Iterable<JsonValue>>
  /** Work whose name it answers has an effect of that name. */
  work?(ctx: Ctx, chunk: JsonValue, n: number): Promise<string | void>
  result?(n: number): JsonValue
  finish?(ctx: Ctx, results: readonly ChunkResult[]): Promise<void>
  onStopped?(sql: Sql, run: Facts): Promise<void>
  onRetried?(sql: Sql, run: Facts): Promise<void>
}

const insertEffect = statement<{ run: string; what: string }>('', 'insert into effects values (:run, :what)')

export async function effect(sql: Sql, run: string, what: string): Promise<void> {
  await sql.run(insertEffect, { run, what })
}

type Shape = Partial<Pick<Pipeline, 'id' | 'maxActive' | 'price' | 'toleratesFailures' | 'timeoutsMs'>> & {
  /** Whether a start says how many chunks its run will have. */
  readonly foretold?: boolean
}

/** A pipeline that uses all that `definePipeline` offers; each run behaves as its input names it. */
export function createSample({ foretold = false, ...shape }: Shape = {}) {
  const behaviours = new Map<string, Behaviour>()
  const of = (given: SampleInput): Behaviour => behaviours.get(given.behaviour) ?? {}
  const pipeline: Pipeline = definePipeline<SampleInput, SampleInput>({
    id: 'test/engine/sample',
    title: 'A sample',
    needs: [],
    price: { run: 0, chunk: 0 },
    maxActive: 4,
    ...shape,
    input,
    start: {
      request: input,
      begin: (sql, call, request) =>
        startRun(sql, {
          ...call,
          pipeline,
          input: request,
          subject: request.subject,
          ...(foretold ? { chunks: request.chunks } : {}),
        }),
    },
    plan: async (ctx) => ({
      chunks: (await of(ctx.input).plan?.(ctx)) ?? Array.from({ length: ctx.input.chunks }, (_, n) => n),
      effects: (sql) => effect(sql, ctx.runId, 'planned'),
    }),
    processChunk: async (ctx, chunk, n) => {
      const { work, result = (place: number) => place } = of(ctx.input)
      const what = await work?.(ctx, chunk, n)
      return {
        result: result(n),
        ...(typeof what === 'string' ? { effects: (sql: Sql) => effect(sql, ctx.runId, what) } : {}),
      }
    },
    finish: async (ctx, results) => {
      const all = await Array.fromAsync(results)
      await of(ctx.input).finish?.(ctx, all)
      const ordered = all.every(({ n }, place) => n === place)
      const errors = all.flatMap(({ error }) => error ?? []).join(' ')
      return {
        result: { results: all.length, ordered, errors },
        effects: (sql) => effect(sql, ctx.runId, 'finished'),
      }
    },
    onStopped: async (sql, run) => of(run.input).onStopped?.(sql, run),
    onRetried: async (sql, run) => of(run.input).onRetried?.(sql, run),
  })
  return { pipeline, behaviours }
}
export type Sample = ReturnType<typeof createSample>

export interface Begin {
  readonly chunks?: number
  readonly behaviour?: Behaviour
  readonly subject?: string
  readonly priority?: Priority
}

/** A node with sample pipelines, and what tests of the engine ask again and again. */
export async function startSampleNode(
  given: { samples?: readonly Sample[]; worker?: Partial<WorkerOptions> } = {},
): Promise<SampleNode> {
  const samples = given.samples ?? [createSample()]
  const [first] = samples
  if (first === undefined) throw new Error('at least one sample')
  const node = await startTestNode({
    pipelines: samples.map(({ pipeline }) => pipeline),
    worker: { pollMs: 20, leaseMs: 1_500, retryWaitsS: [0.05, 0.05, 0.05], ...given.worker },
  })
  const { query } = node.database
  await query('create table effects (run_id text, what text); grant insert on effects to tenon_app')
  const begin: SampleNode['begin'] = async (org, wanted = {}, sample = first) => {
    const { chunks = 1, behaviour = {}, subject = `subject_${randomUUID()}`, priority = 'normal' } = wanted
    const name = randomUUID()
    sample.behaviours.set(name, behaviour)
    const request = { pipeline: sample.pipeline.id, priority, input: { behaviour: name, subject, chunks } }
    return (await org.call(startRunOperation, request)).id
  }
  const until: SampleNode['until'] = async (org, run, fits, timeoutMs = 10_000) => {
    let last: Run | undefined
    await waitFor(async () => fits((last = await org.call(getRun, { run }))), timeoutMs).catch((error: Error) => {
      throw new Error(`${error.message}: ${JSON.stringify(last)}`)
    })
    return org.call(getRun, { run })
  }
  return {
    node,
    query,
    begin,
    until,
    ended: (org, run, timeoutMs) => until(org, run, ({ endedAt }) => endedAt !== null, timeoutMs),
    effects: async (run) =>
      (
        await query<{ what: string }>('select what from effects where run_id = $1 order by what collate "C"', [run])
      ).map(({ what }) => what),
    states: async (run) =>
      (
        await query<{ state: string }>("select state from chunks where run_id = $1 and step = 'work' order by n", [run])
      ).map(({ state }) => state),
    active: async (run) =>
      (await query<{ active: number }>('select active from runs where id = $1', [run]))[0]?.active ?? -1,
    concurrent: async (org) =>
      (
        await query<{ used: number }>(
          `select used from org_usage join organizations using (org_id) where slug = $1 and quota = 'concurrentRuns'`,
          [org.slug],
        )
      )[0]?.used ?? 0,
  }
}

export interface SampleNode {
  readonly node: TestNode
  readonly query: TestNode['database']['query']
  begin(org: TestOrg, wanted?: Begin, sample?: Sample): Promise<RunId>
  until(org: TestOrg, run: string, fits: (run: Run) => boolean, timeoutMs?: number): Promise<Run>
  ended(org: TestOrg, run: string, timeoutMs?: number): Promise<Run>
  /** What the effects of a run have written. */
  effects(run: string): Promise<string[]>
  /** Of its work chunks, in their order. */
  states(run: string): Promise<string[]>
  active(run: string): Promise<number>
  /** Of the organisation, as it is counted. */
  concurrent(org: TestOrg): Promise<number>
}

/** Work that waits until it is let go, or is aborted. */
export function createGate() {
  let open = (): void => {}
  const opened = new Promise<void>((resolve) => (open = resolve))
  let inside = 0
  return {
    open: () => open(),
    inside: () => inside,
    pass: async (signal: AbortSignal): Promise<void> => {
      inside += 1
      try {
        signal.throwIfAborted()
        await new Promise<void>((resolve, reject) => {
          void opened.then(resolve)
          signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
        })
      } finally {
        inside -= 1
      }
    },
  }
}
