import { addRepository, reindexRepository } from '../../src/contract/code.ts'
import { getRun, isEnded, listRunLogs, type Run } from '../../src/contract/runs.ts'
import type { TestOrg } from './node.ts'
import { waitFor } from './wait-for.ts'

/** Waits for the end of a run. */
export async function endOfRun(org: TestOrg, id: string): Promise<Run> {
  await waitFor(async () => isEnded((await org.call(getRun, { run: id })).status), 20_000)
  return org.call(getRun, { run: id })
}

/** Also of what comes after the end of a run that indexes: it removes what is not needed any more, and says so at last. */
async function endOfIndexing(org: TestOrg, id: string): Promise<Run> {
  const run = await endOfRun(org, id)
  const isTidy = async (): Promise<boolean> =>
    (await org.call(listRunLogs, { run: id })).some(({ message }) => message.startsWith('indexed '))
  if (run.status === 'succeeded') await waitFor(isTidy, 20_000)
  return run
}

/** Adds a repository and waits until it is indexed; answers its id. */
export async function indexed(
  org: TestOrg,
  source: string,
  more: { name?: string; ref?: string } = {},
): Promise<string> {
  const { repository, run } = await org.call(addRepository, { source, ...more })
  const { status, error } = await endOfIndexing(org, run.id)
  if (status !== 'succeeded') throw new Error(JSON.stringify(error))
  return repository.id
}

/** Indexes it again; answers the ended run. */
export async function reindexed(org: TestOrg, repository: string): Promise<Run> {
  const { run } = await org.call(reindexRepository, { repository })
  return endOfIndexing(org, run.id)
}
