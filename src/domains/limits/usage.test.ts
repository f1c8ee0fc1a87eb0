import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { silentLog } from '../../../test/support/database.ts'
import { makeRepository } from '../../../test/support/git-repository.ts'
import { ROOT_KEY, startTestNode, type TestNode, type TestOrg } from '../../../test/support/node.ts'
import { temporaryFolder } from '../../../test/support/temporary-folder.ts'
import { waitFor } from '../../../test/support/wait-for.ts'
import { repairCounts } from '../../app/housekeeping.ts'
import { addRepository, deleteRepository, reindexRepository } from '../../contract/code.ts'
import { getLimits, setLimits } from '../../contract/limits.ts'
import type { DataOf } from '../../contract/operation.ts'
import { getRun, isEnded } from '../../contract/runs.ts'

const folder = temporaryFolder('usage')
let node: TestNode
let sources: string[]

beforeAll(async () => {
  node = await startTestNode({ localRepos: [folder.path] })
  sources = ['one', 'two', 'three'].map((name) => makeRepository(join(folder.path, name), { a: `${name}\n` }))
})
afterAll(async () => {
  await node.close()
  folder.remove()
})

async function set(org: TestOrg, body: Record<string, number | string | null>): Promise<DataOf<typeof setLimits>> {
  const outcome = await node.caller.call(setLimits, {
    credentials: { rootKey: ROOT_KEY },
    input: { params: { org: org.slug }, query: {}, body },
    requestId: 'request-of-the-operator',
    signal: new AbortController().signal,
    address: '192.0.2.1',
  })
  if (!outcome.ok) throw new Error(JSON.stringify(outcome.envelope))
  return outcome.envelope.data as DataOf<typeof setLimits>
}

const used = async (org: TestOrg) => (await org.call(getLimits, {})).used
const ended = (org: TestOrg, run: string) =>
  waitFor(async () => isEnded((await org.call(getRun, { run })).status), 20_000)

describe('limits', () => {
  it('are those of the plan, but for what the operator has set, until it is given back', async () => {
    const org = await node.onboard('overridden')
    expect(await org.call(getLimits, {})).toMatchObject({
      plan: 'team',
      overridden: [],
      limits: { callsPerHour: 25_000 },
    })
    const after = await set(org, { callsPerHour: 7, plan: 'solo' })
    expect(after).toMatchObject({
      plan: 'solo',
      overridden: ['callsPerHour'],
      limits: { callsPerHour: 7, callsPerDay: 25_000 },
    })
    expect(await set(org, { callsPerHour: null })).toMatchObject({ overridden: [], limits: { callsPerHour: 5_000 } })
  })

  it('hold on a node that knew the old ones, at the next call', async () => {
    const org = await node.onboard('lowered')
    await org.call(getLimits, {})
    await set(org, { callsPerHour: 0 })
    let refusal: unknown = null
    await waitFor(async () => (refusal = await org.error(getLimits, {}).catch(() => null)) !== null, 2_000)
    expect(refusal).toMatchObject({ code: 'rate_limited', details: { window: 'hour', limit: 0 } })
  })
})

describe('quotas', () => {
  it('count a repository as long as it is there', async () => {
    const org = await node.onboard('repositories')
    await set(org, { repositories: 1 })
    const [one = '', two = ''] = sources
    const { repository, run } = await org.call(addRepository, { source: one })
    expect(await org.error(addRepository, { source: two })).toMatchObject({
      code: 'quota_exceeded',
      details: { quota: 'repositories', limit: 1 },
    })
    // The same one again is no other.
    await org.call(addRepository, { source: one })
    await ended(org, run.id)
    await org.call(deleteRepository, { repository: repository.id })
    expect((await used(org)).repositories).toBe(0)
    const again = await org.call(addRepository, { source: two })
    await ended(org, again.run.id)
  })

  it('count a run until it has ended, well or not', async () => {
    const org = await node.onboard('runs')
    const [one = ''] = sources
    const { run } = await org.call(addRepository, { source: one })
    expect((await used(org)).concurrentRuns).toBeLessThanOrEqual(1)
    await ended(org, run.id)
    expect(await used(org)).toMatchObject({ concurrentRuns: 0, runsPerDay: 1 })
    const gone = makeRepository(join(folder.path, 'gone'), { a: 'gone\n' })
    const failing = await org.call(addRepository, { source: gone, name: 'gone' })
    await org.call(deleteRepository, { repository: failing.repository.id })
    expect(await used(org)).toMatchObject({ concurrentRuns: 0, runsPerDay: 2, repositories: 1 })
  })

  it('refuse before any work, with what is full, and start no more runs than the day allows', async () => {
    const org = await node.onboard('daily')
    await set(org, { runsPerDay: 1 })
    const [one = ''] = sources
    const { repository, run } = await org.call(addRepository, { source: one })
    await ended(org, run.id)
    const refusal = await org.error(reindexRepository, { repository: repository.id })
    expect(refusal).toMatchObject({ code: 'quota_exceeded', details: { quota: 'runsPerDay', limit: 1 } })
    expect((refusal.details as { retryAfterSeconds: number }).retryAfterSeconds).toBeGreaterThan(0)
  })

  it('are not exceeded by calls at once', async () => {
    const org = await node.onboard('raced')
    await set(org, { repositories: 2, concurrentRuns: 20 })
    const [source = ''] = sources
    const names = Array.from({ length: 12 }, (_, n) => `copy-${n}`)
    const outcomes = await Promise.allSettled(names.map((name) => org.call(addRepository, { source, name })))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    expect(await used(org)).toMatchObject({ repositories: 2, runsPerDay: 2 })
  })

  it('are what is there again after a hand has changed the counts', async () => {
    const org = await node.onboard('repaired')
    const [one = ''] = sources
    const { run } = await org.call(addRepository, { source: one })
    await ended(org, run.id)
    await node.database.query('update org_usage set used = used + 5 where quota <> $1', ['runsPerDay'])
    expect((await used(org)).concurrentRuns).toBe(5)
    expect(await repairCounts(node.database.db, silentLog, new AbortController().signal)).toBeGreaterThan(0)
    expect(await used(org)).toMatchObject({ concurrentRuns: 0, repositories: 1 })
    expect(await repairCounts(node.database.db, silentLog, new AbortController().signal)).toBe(0)
  })

  it('do not refuse what uses nothing: the run that is under way is answered', async () => {
    const org = await node.onboard('repeated')
    await set(org, { concurrentRuns: 1 })
    await node.worker.stop(1_000)
    const [one = ''] = sources
    const first = await org.call(addRepository, { source: one })
    expect((await org.call(addRepository, { source: one })).run.id).toBe(first.run.id)
    expect((await org.call(reindexRepository, { repository: first.repository.id })).run.id).toBe(first.run.id)
    expect(await org.error(addRepository, { source: one, name: 'other' })).toMatchObject({
      code: 'quota_exceeded',
      details: { quota: 'concurrentRuns', limit: 1 },
    })
  })
})
