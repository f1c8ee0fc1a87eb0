/** Finds the imports of texts, as a thread that builds shards does; the facts go back as JSON, which is how they are kept. */
import { parentPort } from 'node:worker_threads'
import { extractFacts } from '../../src/pipelines/code/graph/extract/extract.ts'
import { dialectOf } from '../../src/pipelines/code/graph/facts.ts'

export type Texts = readonly (readonly [path: string, text: string])[]

parentPort?.on('message', (texts: Texts) => {
  const facts = texts.flatMap(([path, text]) => {
    const dialect = dialectOf(path)
    return dialect === null ? [] : [[path, extractFacts(text, dialect).imports]]
  })
  parentPort?.postMessage(JSON.stringify(facts))
})
