import { afterAll, beforeAll, expect, it } from 'vitest'
import { getRun, listRunLogs, startRun, type Run } from '../../src/contract/runs.ts'
import { startTestNode, type TestNode, type TestOrg } from '../../test/support/node.ts'
import { waitFor } from '../../test/support/wait-for.ts'
import { wordCount } from './word-count.ts'

let node: TestNode
let org: TestOrg
beforeAll(async () => {
  node = await startTestNode({ pipelines: [wordCount], worker: { pollMs: 20, retryWaitsS: [0, 0, 0] } })
  org = await node.onboard('writers')
})
afterAll(() => node.close())

async function ended(id: string): Promise<Run> {
  await waitFor(async () => (await org.call(getRun, { run: id })).endedAt !== null, 20_000)
  return org.call(getRun, { run: id })
}

it('counts the words of all texts', async () => {
  const texts = [
    { name: 'one', text: 'to be or not to be' },
    { name: 'two', text: 'that is the question' },
  ]
  const { id } = await org.call(startRun, { pipeline: wordCount.id, input: { collection: 'hamlet', texts } })
  expect(await ended(id)).toMatchObject({
    status: 'succeeded',
    subject: 'hamlet',
    summary: { texts: 2, words: 10 },
    progress: { chunksTotal: 2, chunksDone: 2, chunksFailed: 0 },
  })
  const log = await org.call(listRunLogs, { run: id })
  expect(log.map(({ message }) => message)).toEqual(expect.arrayContaining(['one has 6 words', 'two has 4 words']))
})

it('counts nothing when there is nothing', async () => {
  const { id } = await org.call(startRun, { pipeline: wordCount.id, input: { collection: 'empty', texts: [] } })
  expect(await ended(id)).toMatchObject({ status: 'succeeded', summary: { texts: 0, words: 0 } })
})

it('refuses what is no collection of texts', async () => {
  const error = await org.error(startRun, { pipeline: wordCount.id, input: { collection: 'x', texts: 'words' } })
  expect(error.code).toBe('validation_failed')
})
