import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiKey } from '../../src/contract/identity.ts'
import { startRun } from '../../src/contract/runs.ts'
import type { Caller } from '../../src/kernel/run-operation.ts'
import { callerWith } from '../../test/support/caller-with.ts'
import { startTestNode, testOrg, type TestNode, type TestOrg } from '../../test/support/node.ts'
import { wordCount } from '../pipeline-word-count/word-count.ts'
import { tallyRuns } from './contract.ts'
import { tallyRunsVerb } from './tally-runs.ts'

let node: TestNode
let caller: Caller
beforeAll(async () => {
  node = await startTestNode({ pipelines: [wordCount] })
  caller = callerWith(node, [tallyRunsVerb])
})
afterAll(() => node.close())

const tally = (org: TestOrg, days?: number) =>
  testOrg(caller, org.slug, org.apiKey).call(tallyRuns, days === undefined ? {} : { days })

it('counts the runs of the organisation by pipeline, and of no other', async () => {
  const [org, other] = [await node.onboard('tally'), await node.onboard('others')]
  for (const collection of ['one', 'two'])
    await org.call(startRun, { pipeline: wordCount.id, input: { collection, texts: [] } })
  expect(await tally(org)).toEqual([{ pipeline: wordCount.id, runs: 2, failed: 0 }])
  expect(await tally(other)).toEqual([])
})

it('counts what has failed, and nothing from before', async () => {
  const org = await node.onboard('failures')
  const begin = (collection: string) => org.call(startRun, { pipeline: wordCount.id, input: { collection, texts: [] } })
  const [failed, old] = [await begin('failed'), await begin('old')]
  await node.database.query("update runs set status = 'failed', ended_at = now() where id = $1", [failed.id])
  await node.database.query("update runs set created_at = now() - interval '10 days' where id = $1", [old.id])
  expect(await tally(org)).toEqual([{ pipeline: wordCount.id, runs: 1, failed: 1 }])
  expect(await tally(org, 30)).toEqual([{ pipeline: wordCount.id, runs: 2, failed: 1 }])
})

it('wants the scope, the own organisation and days that it knows', async () => {
  const [org, other] = [await node.onboard('scopes'), await node.onboard('neighbours')]
  const { secret } = await org.call(createApiKey, { name: 'search', scopes: ['search:read'] })
  expect(await testOrg(caller, org.slug, secret).error(tallyRuns, {})).toMatchObject({ code: 'forbidden' })
  const own = testOrg(caller, org.slug, org.apiKey)
  expect(await own.error(tallyRuns, { org: other.slug })).toMatchObject({ code: 'not_found' })
  expect(await own.error(tallyRuns, { days: 0 })).toMatchObject({ code: 'validation_failed' })
})
