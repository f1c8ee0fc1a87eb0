import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { getRun, MAX_WAIT_SECONDS, type Run } from '../../contract/runs.ts'
import { TIMEOUTS } from '../../contract/timeouts.ts'
import type { Progress } from '../../kernel/ctx.ts'
import type { Outcome } from '../../kernel/run-operation.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ worker: { slots: 1 } })
  org = await nodes.node.onboard('waiting')
})
afterAll(() => nodes.node.close())

interface Wait {
  readonly waitSeconds?: number
  readonly signal?: AbortSignal
  readonly progress?: (progress: Progress) => void
}
function ask(client: TestOrg, run: string, { waitSeconds = 50, signal, progress }: Wait = {}): Promise<Outcome> {
  return nodes.node.caller.call(getRun, {
    credentials: { apiKey: client.apiKey },
    input: { params: { org: client.slug, run }, query: { waitSeconds }, body: {} },
    requestId: 'request',
    address: '192.0.2.1',
    signal: signal ?? new AbortController().signal,
    progress,
  })
}
const runIn = (outcome: Outcome): Run => {
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
  return outcome.envelope.data as Run
}

/** A run that works until its gate opens. */
async function held(chunks = 1) {
  const gate = createGate()
  const run = await nodes.begin(org, { chunks, behaviour: { work: async ({ signal }) => gate.pass(signal) } })
  await nodes.until(org, run, ({ status }) => status === 'running')
  return { gate, run }
}

describe('a call that waits for a run', () => {
  it('is answered when the run has ended, and is told of its progress', async () => {
    const gate = createGate()
    const work = async ({ signal }: { signal: AbortSignal }, _: unknown, n: number) => {
      if (n === 2) await gate.pass(signal)
    }
    const run = await nodes.begin(org, { chunks: 3, behaviour: { work } })
    const told: Progress[] = []
    const began = performance.now()
    const answer = ask(org, run, {
      progress: (progress) => {
        told.push(progress)
        if (progress.done === 2) gate.open()
      },
    })
    expect(runIn(await answer)).toMatchObject({ id: run, status: 'succeeded', progress: { chunksDone: 3 } })
    expect(performance.now() - began).toBeLessThan(20_000)
    expect(told).toContainEqual({ done: 2, total: 3, message: 'running: 2 of 3 parts' })
    expect(told.at(-1)).toEqual({ done: 3, total: 3, message: 'succeeded: 3 of 3 parts' })
  })

  it('is answered at once when the run has ended before, or when it does not want to wait', async () => {
    const { gate, run } = await held()
    expect(runIn(await ask(org, run, { waitSeconds: 0 })).status).toBe('running')
    gate.open()
    await nodes.ended(org, run)
    expect(runIn(await ask(org, run)).status).toBe('succeeded')
  })

  it('is answered with the run as it is when the time is over', async () => {
    const { gate, run } = await held()
    const began = performance.now()
    expect(runIn(await ask(org, run, { waitSeconds: 1 }))).toMatchObject({ id: run, status: 'running' })
    expect(performance.now() - began).toBeGreaterThan(990)
    gate.open()
    await nodes.ended(org, run)
  })

  it('ends when its caller leaves, holds no connection meanwhile, and is one of so many', async () => {
    const { gate, run } = await held()
    const leave = new AbortController()
    let begun = 0
    const wait = () => {
      let told = false
      return ask(org, run, {
        signal: leave.signal,
        progress: () => {
          if (!told) begun += 1
          told = true
        },
      })
    }
    const waiting = Array.from({ length: 20 }, wait)
    await waitFor(async () => begun === 20, 10_000)
    expect(await ask(org, run)).toMatchObject({
      code: 'rate_limited',
      envelope: { error: { details: { window: 'waits', limit: 20, retryAfterSeconds: 5 } } },
    })
    const other = await nodes.node.onboard('not-waiting')
    expect(await ask(other, run)).toMatchObject({ code: 'not_found' })
    const open = `select from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`
    await waitFor(async () => (await nodes.query(open)).length === 0, 5_000)
    leave.abort()
    for (const outcome of await Promise.all(waiting)) expect(outcome).toMatchObject({ code: 'cancelled' })
    expect(runIn(await ask(org, run, { waitSeconds: 1 })).status).toBe('running')
    gate.open()
    await nodes.ended(org, run)
  })

  it('has the time that it may wait for', () => {
    expect(getRun.timeoutMs).toBe(TIMEOUTS.wait)
    expect(TIMEOUTS.wait).toBeGreaterThan(MAX_WAIT_SECONDS * 1_000 + 5_000)
    expect(getRun.query.safeParse({ waitSeconds: MAX_WAIT_SECONDS + 1 }).success).toBe(false)
  })
})
