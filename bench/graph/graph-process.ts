/** Reads a commit and makes its graph, in a process of its own, as the reference has one: nothing is warm in it. */
import type { BenchRepository } from './repository.ts'
import { makeGraph, type Graph } from './make-graph.ts'
import { readCommit } from './repository.ts'

export interface GraphRequest {
  readonly repository: BenchRepository
  readonly scratch: string
}

export interface GraphAnswer extends Graph {
  readonly gitMs: number
  readonly peakRssMB: number
}

process.once('message', async ({ repository, scratch }: GraphRequest) => {
  const began = performance.now()
  const files = await readCommit(repository, scratch)
  const texts = new Map([...files].map(([path, content]) => [path, content.toString('utf8')]))
  const gitMs = performance.now() - began
  const graph = await makeGraph(texts)
  const answer: GraphAnswer = { ...graph, gitMs, peakRssMB: process.resourceUsage().maxRSS / 1024 }
  process.send?.(answer, () => process.disconnect())
})
