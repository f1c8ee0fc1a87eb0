import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { TestOrg } from '../../../test/support/node.ts'
import { createGate, createSample, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import { getCredits, getCreditStatement } from '../../contract/credits.ts'
import type { OrgId } from '../../contract/ids.ts'
import { cancelRun, getRun, listRunLogs, listRuns, retryRun, startRun, type Run } from '../../contract/runs.ts'
import { creditDrift, grantCredits } from '../../domains/credits/index.ts'
import { TenonError } from '../../kernel/tenon-error.ts'

const price = { run: 10, chunk: 3 }
const metered = createSample({ price })
const tolerant = createSample({ id: 'test/engine/tolerant', price, toleratesFailures: true })
const foretold = createSample({ id: 'test/engine/foretold', price, foretold: true })
const dear = createSample({ id: 'test/engine/dear', price: { run: 1, chunk: 1_000_000 } })
const free = createSample({ id: 'test/engine/free' })

let sample: SampleNode
let org: TestOrg
let id: OrgId
beforeAll(async () => {
  sample = await startSampleNode({ samples: [metered, tolerant, foretold, dear, free] })
  org = await sample.node.onboard('metered')
  const [row] = await sample.query<{ id: OrgId }>("select org_id as id from organizations where slug = 'metered'")
  if (row === undefined) throw new Error('no organisation')
  id = row.id
  const grant = { kind: 'pack', source: 'a test', amount: 10_000, expiresAt: null } as const
  await sample.node.database.db.tenant(id).write((sql) => grantCredits(sql, id, grant))
})
afterAll(() => sample.node.close())

const balance = async () => {
  const { available, reserved } = await org.call(getCredits, {})
  return { available, reserved }
}
const creditsOf = async (run: string) => (await org.call(getRun, { run })).credits
const drift = () => creditDrift(sample.node.database.db.tenant(id).read, id)

/** What has become of the balance while something happened, and that all of it is accounted for. */
async function cost(work: () => Promise<unknown>): Promise<number> {
  const before = await balance()
  await work()
  const after = await balance()
  expect(after.reserved).toBe(before.reserved)
  expect(await drift()).toEqual([])
  return before.available - after.available
}

describe('a metered run', () => {
  it('is charged for itself and for each chunk, batched or with effects, and for nothing else', async () => {
    expect(
      await cost(async () => {
        const work = async (_: unknown, __: unknown, n: number) => (n % 3 === 0 ? `work ${n}` : undefined)
        const run = await sample.begin(org, { chunks: 20, behaviour: { work } })
        await sample.ended(org, run)
        expect(await creditsOf(run)).toEqual({ reserved: 0, captured: 70, released: 0 })
        const { entries, ...statement } = await org.call(getCreditStatement, { run })
        expect(statement).toMatchObject({ captured: 70, open: false, refunded: 0 })
        const captured = entries.filter(({ kind }) => kind === 'capture').map(({ reserved }) => -reserved)
        expect(captured.reduce((sum, one) => sum + one)).toBe(70)
        expect(captured.length).toBeGreaterThanOrEqual(8)
      }),
    ).toBe(70)
  })

  it('has its price set aside from the start, and all of it from its plan on', async () => {
    const gate = createGate()
    const before = await balance()
    const planning = createGate()
    const behaviour = {
      plan: async ({ signal }: { signal: AbortSignal }) => (await planning.pass(signal), [1, 2, 3, 4]),
      work: ({ signal }: { signal: AbortSignal }) => gate.pass(signal),
    }
    const run = await sample.begin(org, { behaviour })
    expect(await creditsOf(run)).toEqual({ reserved: 10, captured: 0, released: 0 })
    planning.open()
    await sample.until(org, run, ({ status }) => status === 'running')
    expect(await creditsOf(run)).toEqual({ reserved: 22, captured: 0, released: 0 })
    expect(await balance()).toEqual({ available: before.available - 22, reserved: 22 })
    expect((await org.call(getCredits, {})).reservations).toMatchObject([{ run, reserved: 22, captured: 0 }])
    gate.open()
    await sample.ended(org, run)
    expect(await balance()).toEqual({ available: before.available - 22, reserved: 0 })
  })

  it('has its chunks set aside at once where the start knows them, and what the plan does not need given back', async () => {
    const gate = createGate()
    const behaviour = { plan: () => [1, 2], work: ({ signal }: { signal: AbortSignal }) => gate.pass(signal) }
    expect(
      await cost(async () => {
        const name = { chunks: 100, behaviour }
        const run = await sample.begin(org, name, foretold)
        const first = await creditsOf(run)
        expect((first?.reserved ?? 0) + (first?.released ?? 0)).toBe(310)
        await sample.until(org, run, ({ status }) => status === 'running')
        expect(await creditsOf(run)).toEqual({ reserved: 16, captured: 0, released: 294 })
        gate.open()
        await sample.ended(org, run)
      }),
    ).toBe(16)
  })

  it('is refused when it can not be paid, and nothing is kept of it', async () => {
    const runs = (await org.call(listRuns, {})).length
    const concurrent = await sample.concurrent(org)
    const input = { behaviour: 'none', subject: 'too dear', chunks: 1_000_000 }
    expect(
      await cost(async () => {
        expect(await org.error(startRun, { pipeline: foretold.pipeline.id, input })).toMatchObject({
          code: 'insufficient_credits',
          details: { required: 3_000_010, available: (await balance()).available },
        })
      }),
    ).toBe(0)
    expect(await org.call(listRuns, {})).toHaveLength(runs)
    expect(await sample.concurrent(org)).toBe(concurrent)
  })

  it('fails when its plan can not be paid, gives everything back and says how much it lacks', async () => {
    expect(
      await cost(async () => {
        const run = await sample.begin(org, { chunks: 50 }, dear)
        expect(await sample.ended(org, run)).toMatchObject({
          status: 'failed',
          error: { code: 'insufficient_credits' },
          credits: { reserved: 0, captured: 0, released: 1 },
        })
        const { available } = await balance()
        const lines = (await org.call(listRunLogs, { run })).map(({ message }) => message)
        expect(lines).toContain(`the plan needs 50000000 credits more, and ${available - 1} are available`)
        expect(await sample.states(run)).toEqual([])
      }),
    ).toBe(0)
  })

  it('is charged for what was done before it failed, and not for itself', async () => {
    expect(
      await cost(async () => {
        const work = async (_: unknown, __: unknown, n: number) => {
          if (n === 0) return 'done'
          await sample.until(org, run, ({ progress }) => progress.chunksDone === 1)
          throw new TenonError('not_found')
        }
        const run = await sample.begin(org, { chunks: 3, behaviour: { work } })
        expect(await sample.ended(org, run)).toMatchObject({
          status: 'failed',
          credits: { reserved: 0, captured: 3, released: 16 },
        })
      }),
    ).toBe(3)
  })

  it('that tolerates failures is not charged for the chunks that failed', async () => {
    expect(
      await cost(async () => {
        const work = async (_: unknown, __: unknown, n: number) => {
          if (n % 2 === 1) throw new TenonError('not_found')
        }
        const run = await sample.begin(org, { chunks: 6, behaviour: { work } }, tolerant)
        expect(await sample.ended(org, run)).toMatchObject({
          status: 'completed_with_errors',
          credits: { reserved: 0, captured: 19, released: 9 },
        })
      }),
    ).toBe(19)
  })

  it('gives back what it has not used when it is cancelled', async () => {
    const gate = createGate()
    expect(
      await cost(async () => {
        const work = async ({ signal }: { signal: AbortSignal }, __: unknown, n: number) =>
          n === 0 ? 'done' : gate.pass(signal)
        const run = await sample.begin(org, { chunks: 5, behaviour: { work } })
        await sample.until(org, run, ({ progress }) => progress.chunksDone === 1)
        expect(await org.call(cancelRun, { run })).toMatchObject({
          credits: { reserved: 0, captured: 3, released: 22 },
        })
      }),
    ).toBe(3)
  })

  it('that is tried again pays for what is done again alone', async () => {
    expect(
      await cost(async () => {
        let broken = true
        const work = async (_: unknown, __: unknown, n: number) => {
          if (n === 2 && broken) throw new TenonError('not_found')
        }
        const run = await sample.begin(org, { chunks: 4, behaviour: { work } }, tolerant)
        expect(await sample.ended(org, run)).toMatchObject({ credits: { captured: 19, released: 3 } })
        broken = false
        await org.call(retryRun, { run })
        const ended = await sample.until(org, run, ({ status }) => status === 'succeeded')
        expect(ended.credits).toEqual({ reserved: 0, captured: 22, released: 3 })
      }),
    ).toBe(22)
  })

  it('pays for itself once, however often it is tried until nothing of it is left', async () => {
    expect(
      await cost(async () => {
        let broken = true
        let unfinished = false
        const work = async (_: unknown, __: unknown, n: number) => {
          if (n === 2 && broken) throw new TenonError('not_found')
        }
        const finish = async () => {
          if (unfinished) throw new TenonError('not_found')
        }
        const run = await sample.begin(org, { chunks: 4, behaviour: { work, finish } }, tolerant)
        expect(await sample.ended(org, run)).toMatchObject({ status: 'completed_with_errors' })
        unfinished = true
        await org.call(retryRun, { run })
        await sample.until(org, run, ({ status }) => status === 'failed')
        broken = false
        unfinished = false
        await org.call(retryRun, { run })
        const ended = await sample.until(org, run, ({ status }) => status === 'succeeded')
        expect(ended.credits).toMatchObject({ reserved: 0, captured: 22 })
      }),
    ).toBe(22)
  })

  it('that is tried again as a whole, and fails, pays for itself when it ends well', async () => {
    expect(
      await cost(async () => {
        let unfinished = false
        const finish = async () => {
          if (unfinished) throw new TenonError('not_found')
        }
        const run = await sample.begin(org, { chunks: 1, behaviour: { finish } })
        await sample.ended(org, run)
        unfinished = true
        await org.call(retryRun, { run, parts: 'all' })
        await sample.until(org, run, ({ status }) => status === 'failed')
        unfinished = false
        await org.call(retryRun, { run })
        const ended = await sample.until(org, run, ({ status }) => status === 'succeeded')
        expect(ended.credits).toMatchObject({ reserved: 0, captured: 26 })
      }),
    ).toBe(26)
  })

  it('that is tried again as a whole pays again', async () => {
    expect(
      await cost(async () => {
        const run = await sample.begin(org, { chunks: 2 })
        await sample.ended(org, run)
        await org.call(retryRun, { run, parts: 'all' })
        const again = (credits: Run['credits']): boolean => credits?.captured === 32
        const ended = await sample.until(org, run, ({ status, credits }) => status === 'succeeded' && again(credits))
        expect(ended.credits).toEqual({ reserved: 0, captured: 32, released: 0 })
      }),
    ).toBe(32)
  })

  it('that can not be paid again is not tried again', async () => {
    const run = await sample.begin(org, { chunks: 50 }, dear)
    await sample.ended(org, run)
    await sample.query('update runs set price_run = 100000000 where id = $1', [run])
    expect(await org.error(retryRun, { run })).toMatchObject({ code: 'insufficient_credits' })
    expect(await org.call(getRun, { run })).toMatchObject({ status: 'failed' })
    expect(await drift()).toEqual([])
  })
})

describe('a free run', () => {
  it('needs no credits, writes none and says so', async () => {
    const poor = await sample.node.onboard('without-credits')
    const entries = async () => (await sample.query('select from credit_entries')).length
    const before = await entries()
    const run = await sample.begin(poor, { chunks: 5 }, free)
    expect(await sample.ended(poor, run)).toMatchObject({ status: 'succeeded', credits: null })
    expect(await entries()).toBe(before)
  })
})
