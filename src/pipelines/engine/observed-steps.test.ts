import { afterAll, beforeAll, expect, it } from 'vitest'
import { cancelRun } from '../../contract/runs.ts'
import { createGate, startSampleNode, type SampleNode } from '../../../test/support/sample-pipeline.ts'
import type { TestOrg } from '../../../test/support/node.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { TenonError } from '../../kernel/tenon-error.ts'
import type { EndedStep } from './worker.ts'

const seen: EndedStep[] = []
let nodes: SampleNode
let org: TestOrg
beforeAll(async () => {
  nodes = await startSampleNode({ worker: { stepEnded: (step) => void seen.push(step) } })
  org = await nodes.node.onboard('observed')
})
afterAll(() => nodes.node.close())

function taken(): string[] {
  return seen.splice(0).map(({ step, outcome }) => `${step} ${outcome}`)
}

it('every attempt at a step is told once, with what came of it and how long it took', async () => {
  await nodes.ended(org, await nodes.begin(org, { chunks: 2 }))
  expect(seen.every(({ pipeline, seconds }) => pipeline === 'test/engine/sample' && seconds > 0)).toBe(true)
  expect(taken()).toEqual(['plan ok', 'work ok', 'work ok', 'finish ok'])

  const work = () => Promise.reject(new TenonError('source_unreachable'))
  await nodes.ended(org, await nodes.begin(org, { behaviour: { work } }))
  expect(taken()).toEqual(['plan ok', ...Array.from({ length: 4 }, () => 'work source_unreachable')])
})

it('a step that was put back is told as released', async () => {
  const gate = createGate()
  const run = await nodes.begin(org, { behaviour: { work: (ctx) => gate.pass(ctx.signal) } })
  await waitFor(async () => gate.inside() === 1, 5_000)
  await org.call(cancelRun, { run })
  await waitFor(async () => seen.length === 2, 5_000)
  expect(taken()).toEqual(['plan ok', 'work released'])
})
