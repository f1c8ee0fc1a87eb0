import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { retryRun } from '../../contract/runs.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import { traced } from '../../kernel/trace.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { parentOf, recordSpans } from '../../../test/support/record-spans.ts'
import {
  createGate,
  createSample,
  startSampleNode,
  type Behaviour,
  type SampleNode,
} from '../../../test/support/sample-pipeline.ts'
import { waitFor } from '../../../test/support/wait-for.ts'

const sample = createSample({ id: 'test/engine/traced' })
const STEP = /^(?:plan|work|finish) test\/engine\/traced$/
let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ samples: [sample] })
  org = await nodes.node.onboard('traced')
})
afterAll(() => nodes.node.close())

type Ended = () => readonly ReadableSpan[]

const stepsIn = (spans: readonly ReadableSpan[]) => spans.filter(({ name }) => STEP.test(name))

/** Until so many attempts at steps have ended. */
const steps = (ended: Ended, count: number) => waitFor(async () => stepsIn(ended()).length >= count, 10_000)

function named(spans: readonly ReadableSpan[], name: string): ReadableSpan {
  const [found] = spans.filter((span) => span.name === name)
  if (found === undefined) throw new Error(`no span ${name}`)
  return found
}

describe('the steps of a run', () => {
  it('are spans below the call that started it, and what they ask the database is below them', async () => {
    let run = ''
    const spans = await recordSpans(async (ended) => {
      run = await nodes.begin(org, { chunks: 2 })
      await nodes.ended(org, run)
      await steps(ended, 4)
    })
    const started = named(spans, 'runs.start').spanContext()
    const attempts = stepsIn(spans)
    expect(attempts.length).toBe(4)
    for (const span of attempts) {
      expect(parentOf(span)).toBe(started.spanId)
      expect(span.attributes).toMatchObject({ 'tenon.run_id': run, 'tenon.pipeline': sample.pipeline.id })
    }
    const outcomes = attempts.map(
      ({ attributes: a }) => `${String(a['tenon.step'])} ${String(a['tenon.n'])} ${String(a['tenon.outcome'])}`,
    )
    expect(outcomes.toSorted()).toEqual(['finish 0 finished', 'plan 0 planned', 'work 0 worked', 'work 1 worked'])
    const settled = spans.filter(({ name }) => name === 'engine.settleDone')
    const settling = ['plan', 'finish'].map((step) => named(spans, `${step} ${sample.pipeline.id}`))
    expect(new Set(settled.map(parentOf))).toEqual(new Set(settling.map((span) => span.spanContext().spanId)))
  })

  it('are a span for each attempt, with the code of what went wrong', async () => {
    let tries = 0
    const behaviour: Behaviour = {
      work: async () => {
        tries += 1
        if (tries === 1) throw new TenonError('unavailable', { cause: new Error('secret text') })
        return 'done'
      },
    }
    const spans = await recordSpans(async (ended) => {
      await nodes.ended(org, await nodes.begin(org, { behaviour }))
      await steps(ended, 4)
    })
    const attempts = spans.filter(({ name }) => name.startsWith('work '))
    expect(attempts.map(({ status }) => status.message)).toEqual(['unavailable', undefined])
    const [first, second] = attempts.map(({ attributes }) => Number(attributes['tenon.attempt']))
    expect(second).toBe((first ?? 0) + 1)
  })

  it('that are done again are below the call that wanted it', async () => {
    let whole = false
    const behaviour: Behaviour = {
      finish: async () => {
        if (!whole) throw new TenonError('source_invalid')
      },
    }
    const spans = await recordSpans(async (ended) => {
      const run = await nodes.begin(org, { behaviour })
      await nodes.ended(org, run)
      await steps(ended, 3)
      whole = true
      await org.call(retryRun, { run })
      await nodes.ended(org, run)
      await steps(ended, 4)
    })
    const finishes = spans.filter(({ name }) => name.startsWith('finish '))
    expect(finishes.map(parentOf)).toEqual(
      ['runs.start', 'runs.retry'].map((name) => named(spans, name).spanContext().spanId),
    )
  })

  it('are traces of their own when nobody traced the call, and looking for work is none', async () => {
    const gate = createGate()
    const run = await nodes.begin(org, {
      behaviour: {
        plan: async ({ signal }) => {
          await gate.pass(signal)
          return [0]
        },
      },
    })
    await waitFor(async () => gate.inside() === 1, 10_000)
    expect(await parentOfRun(run)).toBe(null)
    const spans = await recordSpans(async (ended) => {
      gate.open()
      await steps(ended, 2)
    })
    expect(stepsIn(spans).map(({ name }) => name.split(' ')[0])).toEqual(['work', 'finish'])
    expect(new Set(stepsIn(spans).map((span) => span.spanContext().traceId)).size).toBe(2)
    expect(spans.filter((span) => parentOf(span) === undefined)).toEqual(stepsIn(spans))
  })

  it('are not recorded when their call was not', async () => {
    let run = ''
    const parent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00'
    const spans = await recordSpans(async () => {
      run = await traced('call', { parent }, () => nodes.begin(org))
      await waitFor(async () => (await nodes.ended(org, run)).endedAt !== null, 10_000)
    })
    expect(await parentOfRun(run)).toMatch(/^00-4bf92f3577b34da6a3ce929d0e0e4736-[0-9a-f]{16}-00$/)
    expect(stepsIn(spans)).toEqual([])
  })
})

async function parentOfRun(run: string): Promise<string | null | undefined> {
  const [row] = await nodes.query<{ parent: string | null }>('select trace_parent as parent from runs where id = $1', [
    run,
  ])
  return row?.parent
}
