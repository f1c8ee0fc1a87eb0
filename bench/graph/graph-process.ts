/** Reads a commit and makes its graph, in a process of its own, as the reference has one: nothing is warm in it. */
import { makeGraph, type Graph } from './make-graph.ts'
import { readCommit, type BenchRepository } from './repository.ts'

export interface GraphRequest {
  readonly repository: BenchRepository
  readonly scratch: string
}

export interface GraphAnswer extends Graph {
  readonly gitMs: number
  readonly peakRssMB: number
}

process.once('message', (request: GraphRequest) => {
  answerOf(request).then(
    (answer) => {
      process.send?.(answer, () => process.disconnect?.())
    },
    (error: unknown) => {
      console.error(error)
      process.exit(1)
    },
  )
})

async function answerOf({ repository, scratch }: GraphRequest): Promise<GraphAnswer> {
  const began = performance.now()
  const files = await readCommit(repository, scratch)
  const texts = new Map([...files].map(([path, content]) => [path, content.toString('utf8')]))
  const gitMs = performance.now() - began
  const graph = await makeGraph(texts)
  return { ...graph, gitMs, peakRssMB: process.resourceUsage().maxRSS / 1024 }
}
