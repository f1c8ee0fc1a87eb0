import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cancelRun, getRun, listChunks, retryRun } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import {
  createGate,
  createSample,
  effect,
  startSampleNode,
  type Behaviour,
  type SampleNode,
} from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const strict = createSample()
const tolerant = createSample({ id: 'test/engine/tolerant', toleratesFailures: true })

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [strict, tolerant] })
  org = await nodes.node.onboard('retry')
})
afterAll(() => nodes.node.close())

const broken = (): TenonError => new TenonError('source_invalid')
const ALL_DONE = { status: 'succeeded', error: null }

/** What fails until it is mended, and how often each part was done. */
function breakable(at: 'plan' | 'work' | 'finish' | null, place = 2) {
  let whole = false
  const done = new Map<string, number>()
  const begin = (what: string, fails: boolean): void => {
    done.set(what, (done.get(what) ?? 0) + 1)
    if (fails && !whole) throw broken()
  }
  const behaviour: Behaviour = {
    plan: async ({ input }) => {
      begin('plan', at === 'plan')
      return Array.from({ length: input.chunks }, (_, n) => n)
    },
    work: async (_ctx, _chunk, n) => {
      begin(`work ${n}`, at === 'work' && n === place)
      return `work ${n}`
    },
    finish: async () => begin('finish', at === 'finish'),
    onRetried: (sql, run) => effect(sql, run.runId, 'retried'),
  }
  return { behaviour, done, mend: () => void (whole = true) }
}

describe('a retry of the failed parts', () => {
  it('plans anew after the plan has failed', async () => {
    const { behaviour, done, mend } = breakable('plan')
    const run = await nodes.begin(org, { chunks: 3, behaviour })
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'failed', error: { code: 'source_invalid' } })
    expect(await nodes.concurrent(org)).toBe(0)
    mend()
    expect(await org.call(retryRun, { run })).toMatchObject({ status: 'planning', endedAt: null, error: null })
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, progress: { chunksTotal: 3, chunksDone: 3 } })
    expect(done.get('plan')).toBe(2)
    expect(await nodes.concurrent(org)).toBe(0)
  })

  it('does a failed chunk and those that were skipped again, and keeps what was done', async () => {
    const { behaviour, done, mend } = breakable('work', 6)
    const run = await nodes.begin(org, { chunks: 40, behaviour })
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'failed', progress: { chunksFailed: 1 } })
    await waitFor(async () => (await nodes.active(run)) === 0, 5_000)
    const states = await nodes.states(run)
    expect(states[6]).toBe('failed')
    expect(states).toContain('skipped')
    const kept = states.filter((state) => state === 'done').length
    mend()
    expect(await org.call(retryRun, { run })).toMatchObject({
      status: 'running',
      progress: { chunksTotal: 40, chunksDone: kept, chunksFailed: 0 },
    })
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, summary: { results: 40, ordered: true } })
    expect(done.get('plan')).toBe(1)
    states.forEach((state, n) => expect([n, state === 'done' ? done.get(`work ${n}`) : 1]).toEqual([n, 1]))
    const works = Array.from({ length: 40 }, (_, n) => `work ${n}`)
    expect(await nodes.effects(run)).toEqual(['finished', 'planned', 'retried', ...works].toSorted())
  })

  it('finishes again after the finish has failed, and does no work again', async () => {
    const { behaviour, done, mend } = breakable('finish')
    const run = await nodes.begin(org, { chunks: 3, behaviour })
    expect(await nodes.ended(org, run)).toMatchObject({ status: 'failed', progress: { chunksDone: 3 } })
    mend()
    expect(await org.call(retryRun, { run })).toMatchObject({ status: 'finishing' })
    expect(await nodes.ended(org, run)).toMatchObject(ALL_DONE)
    expect(Object.fromEntries(done)).toEqual({ plan: 1, 'work 0': 1, 'work 1': 1, 'work 2': 1, finish: 2 })
    expect((await nodes.effects(run)).filter((what) => what === 'finished')).toEqual(['finished'])
  })

  it('goes on with a run that was cancelled', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, { chunks: 6, behaviour: { work: ({ signal }) => gate.pass(signal) } })
    await waitFor(async () => gate.inside() === 4, 5_000)
    await org.call(cancelRun, { run })
    gate.open()
    expect(await org.call(retryRun, { run })).toMatchObject({ status: 'running', progress: { chunksTotal: 6 } })
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, progress: { chunksDone: 6 } })
    expect(await nodes.active(run)).toBe(0)
  })

  it('goes on with a run whose plan was cancelled a moment ago and is still under way', async () => {
    const gate = createGate()
    const plan = async ({ attempt }: { attempt: number }): Promise<number[]> => {
      // Deaf to its signal.
      if (attempt === 1) await gate.pass(new AbortController().signal)
      return [0, 1]
    }
    const run = await nodes.begin(org, { chunks: 2, behaviour: { plan } })
    await waitFor(async () => gate.inside() === 1, 5_000)
    await org.call(cancelRun, { run })
    expect(await org.call(retryRun, { run })).toMatchObject({ status: 'planning' })
    gate.open()
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, progress: { chunksTotal: 2, chunksDone: 2 } })
    expect(await nodes.active(run)).toBe(0)
  })

  it('does only the failed ones of a run that completed with errors', async () => {
    const { behaviour, done, mend } = breakable('work')
    const run = await nodes.begin(org, { chunks: 5, behaviour }, tolerant)
    expect(await nodes.ended(org, run)).toMatchObject({
      status: 'completed_with_errors',
      progress: { chunksTotal: 5, chunksDone: 4, chunksFailed: 1 },
      summary: { results: 5, errors: 'source_invalid' },
    })
    mend()
    await org.call(retryRun, { run })
    expect(await nodes.ended(org, run)).toMatchObject({
      ...ALL_DONE,
      progress: { chunksTotal: 5, chunksDone: 5, chunksFailed: 0 },
      summary: { results: 5, errors: '' },
    })
    expect([done.get('work 1'), done.get('work 2'), done.get('finish')]).toEqual([1, 2, 2])
    // Once in each of its two lives.
    expect((await nodes.effects(run)).filter((what) => what === 'finished').length).toBe(2)
  })
})

describe('a retry of all parts', () => {
  it('does a run that succeeded again as a whole', async () => {
    const { behaviour, done } = breakable(null)
    const run = await nodes.begin(org, { chunks: 3, behaviour })
    await nodes.ended(org, run)
    expect((await org.error(retryRun, { run })).code).toBe('nothing_to_retry')
    expect(await org.call(retryRun, { run, parts: 'all' })).toMatchObject({
      status: 'planning',
      progress: { chunksTotal: null, chunksDone: 0 },
      summary: null,
    })
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, progress: { chunksTotal: 3, chunksDone: 3 } })
    expect(Object.fromEntries(done)).toEqual({ plan: 2, 'work 0': 2, 'work 1': 2, 'work 2': 2, finish: 2 })
    expect((await org.call(listChunks, { run })).map(({ step, state }) => `${step} ${state}`)).toEqual([
      'plan done',
      ...Array.from({ length: 3 }, () => 'work done'),
      'finish done',
    ])
  })

  it('counts nothing twice while work of the earlier life is still under way', async () => {
    const gate = createGate()
    const work = async ({ attempt }: { attempt: number }): Promise<void> => {
      if (attempt === 65_537 && gate.inside() < 2) await gate.pass(new AbortController().signal)
    }
    const run = await nodes.begin(org, { chunks: 2, behaviour: { work } })
    await waitFor(async () => gate.inside() === 2, 5_000)
    await org.call(cancelRun, { run })
    await org.call(retryRun, { run, parts: 'all' })
    await nodes.until(org, run, ({ status }) => status === 'running' || status === 'succeeded')
    gate.open()
    expect(await nodes.ended(org, run)).toMatchObject({ ...ALL_DONE, progress: { chunksTotal: 2, chunksDone: 2 } })
    await waitFor(async () => (await nodes.active(run)) === 0, 2_000)
  })
})

describe('a retry', () => {
  it('is refused while the run or another of its subject goes on, without parts, and for others', async () => {
    const gate = createGate()
    const behaviour: Behaviour = { work: ({ signal }) => gate.pass(signal) }
    const failed = await nodes.begin(org, { subject: 'shared', behaviour: breakable('plan').behaviour })
    await nodes.ended(org, failed)
    const going = await nodes.begin(org, { subject: 'shared', behaviour })
    expect((await org.error(retryRun, { run: going })).code).toBe('run_not_ended')
    expect(await org.error(retryRun, { run: failed })).toMatchObject({ code: 'run_conflict', details: { run: going } })
    gate.open()
    await nodes.ended(org, going)
    const stranger = await nodes.node.onboard('stranger')
    expect((await stranger.error(retryRun, { run: failed })).code).toBe('not_found')
    await nodes.query('update runs set archived_at = now() where id = $1', [failed])
    expect((await org.error(retryRun, { run: failed })).code).toBe('run_archived')
  })

  it('is counted again, and refused when no run is left', async () => {
    const small = await nodes.node.onboard('small')
    await nodes.query(
      `update org_limits set concurrent_runs = 1 where org_id = (select org_id from organizations where slug = 'small')`,
    )
    const { behaviour, mend } = breakable('work', 0)
    const gate = createGate()
    const failed = await nodes.begin(small, { behaviour })
    await nodes.ended(small, failed)
    const going = await nodes.begin(small, { behaviour: { work: ({ signal }) => gate.pass(signal) } })
    expect(await small.error(retryRun, { run: failed })).toMatchObject({
      code: 'quota_exceeded',
      details: { quota: 'concurrentRuns' },
    })
    expect(await small.call(getRun, { run: failed })).toMatchObject({ status: 'failed' })
    gate.open()
    await nodes.ended(small, going)
    mend()
    await small.call(retryRun, { run: failed })
    expect(await nodes.ended(small, failed)).toMatchObject(ALL_DONE)
    expect(await nodes.concurrent(small)).toBe(0)
    expect(
      await nodes.query(`select used from org_usage join organizations using (org_id)
        where slug = 'small' and quota = 'runsPerDay'`),
    ).toEqual([{ used: 3 }])
  })
})
