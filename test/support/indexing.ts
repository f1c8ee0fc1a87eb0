import { addRepository, reindexRepository } from '../../src/contract/code.ts'
import { getRun, isEnded, type Run } from '../../src/contract/runs.ts'
import type { TestOrg } from './node.ts'
import { waitFor } from './wait-for.ts'

/** Waits for the end of a run. */
export async function endOfRun(org: TestOrg, id: string): Promise<Run> {
  await waitFor(async () => isEnded((await org.call(getRun, { run: id })).status), 20_000)
  return org.call(getRun, { run: id })
}

/** Adds a repository and waits until it is indexed; answers its id. */
export async function indexed(
  org: TestOrg,
  source: string,
  more: { name?: string; ref?: string } = {},
): Promise<string> {
  const { repository, run } = await org.call(addRepository, { source, ...more })
  const { status, error } = await endOfRun(org, run.id)
  if (status !== 'succeeded') throw new Error(JSON.stringify(error))
  return repository.id
}

/** Indexes it again; answers the ended run. */
export async function reindexed(org: TestOrg, repository: string): Promise<Run> {
  const { run } = await org.call(reindexRepository, { repository })
  return endOfRun(org, run.id)
}
