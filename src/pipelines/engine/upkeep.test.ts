import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getRun, listChunks, retryRun } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const strict = createSample()
const tolerant = createSample({ id: 'test/engine/tolerant', toleratesFailures: true })
let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [strict, tolerant] })
  org = await nodes.node.onboard('upkeep')
})
afterAll(() => nodes.node.close())

const age = (run: string, column: 'expires_at' | 'ended_at' | 'created_at', by: string): Promise<unknown> =>
  nodes.query(`update runs set ${column} = now() - $2::interval where id = $1`, [run, by])

describe('a run that is not done within a day', () => {
  it('ends as failed, once, and its work is let go of', async () => {
    const gate = createGate()
    let stopped = 0
    const behaviour = {
      work: ({ signal }: { signal: AbortSignal }) => gate.pass(signal),
      onStopped: async () => void (stopped += 1),
    }
    const run = await nodes.begin(org, { chunks: 6, behaviour })
    const young = await nodes.begin(org, { behaviour: { work: async () => {} } })
    await waitFor(async () => gate.inside() === 4, 5_000)
    await nodes.node.engine.keepRuns()
    expect((await org.call(getRun, { run })).endedAt).toBe(null)
    const [row] = await nodes.query<{ hours: number }>(
      'select round(extract(epoch from expires_at - created_at) / 3600)::int as hours from runs where id = $1',
      [run],
    )
    expect(row).toEqual({ hours: 24 })
    await age(run, 'expires_at', '1 second')
    await Promise.all([nodes.node.engine.keepRuns(), nodes.node.engine.keepRuns()])
    expect(await org.call(getRun, { run })).toMatchObject({ status: 'failed', error: { code: 'run_expired' } })
    await waitFor(async () => gate.inside() === 0 && (await nodes.active(run)) === 0, 5_000)
    expect(await nodes.states(run)).toEqual(Array.from({ length: 6 }, () => 'skipped'))
    expect(await nodes.ended(org, young)).toMatchObject({ status: 'succeeded' })
    expect(await nodes.concurrent(org)).toBe(0)
    expect(stopped).toBeGreaterThan(0)
  })
})

describe('a run that has ended', () => {
  const failing = {
    work: (_ctx: unknown, _chunk: unknown, n: number) =>
      n === 1 ? Promise.reject(new TenonError('source_invalid')) : Promise.resolve(),
  }

  it('keeps only its failed chunks an hour after its end, and can not be tried again', async () => {
    const old = await nodes.begin(org, { chunks: 3, behaviour: failing }, tolerant)
    const fresh = await nodes.begin(org, { chunks: 3, behaviour: failing }, tolerant)
    for (const run of [old, fresh]) await nodes.ended(org, run)
    await age(old, 'ended_at', '61 minutes')
    await age(fresh, 'ended_at', '59 minutes')
    await nodes.node.engine.keepRuns()
    expect(await org.call(listChunks, { run: old })).toMatchObject([
      { step: 'work', n: 1, state: 'failed', error: { code: 'source_invalid' } },
    ])
    const archived = await org.call(getRun, { run: old })
    expect(archived).toMatchObject({ progress: { chunksTotal: 3, chunksDone: 2, chunksFailed: 1 } })
    expect(archived.archivedAt).not.toBe(null)
    expect((await org.error(retryRun, { run: old })).code).toBe('run_archived')
    expect(await org.call(listChunks, { run: fresh })).toHaveLength(5)
    await org.call(retryRun, { run: fresh })
    expect(await nodes.ended(org, fresh)).toMatchObject({ status: 'completed_with_errors' })
  })

  it('is forgotten with its log and chunks when it is older than what is kept', async () => {
    const saying = {
      work: async ({ say }: { say(level: 'info', message: string): Promise<void> }) => say('info', 'a line'),
    }
    const old = await nodes.begin(org, { behaviour: saying })
    const kept = await nodes.begin(org, { behaviour: saying })
    for (const run of [old, kept]) {
      await nodes.ended(org, run)
      await age(run, 'ended_at', '2 hours')
    }
    await age(old, 'created_at', '91 days')
    await age(kept, 'created_at', '89 days')
    await nodes.node.engine.keepRuns()
    expect((await org.error(getRun, { run: old })).code).toBe('not_found')
    const logs = await nodes.query('select run_id from run_logs where run_id = any($1)', [[old, kept]])
    expect(logs).toEqual([{ run_id: kept }])
    expect(await nodes.query('select from chunks where run_id = $1', [old])).toEqual([])
    expect(await org.call(getRun, { run: kept })).toMatchObject({ status: 'succeeded' })
  })
})
