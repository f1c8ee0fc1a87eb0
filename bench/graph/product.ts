/**
 * The whole product on one repository of about 5,000 files: `tenon start` in a process of its own, and PostgreSQL.
 * Measures the first index, the index of a commit that changes five files, and what is asked of the graph.
 */
import { appendFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { addRepository, reindexRepository } from '../../src/contract/code.ts'
import type { RepositoryId } from '../../src/contract/ids.ts'
import { openDatabase } from '../../src/platform/db/index.ts'
import { git, indexed, onboard, startNode } from '../node.ts'
import { ownPostgres } from '../setting.ts'
import { askImpact, type ImpactResults } from './ask-impact.ts'
import { askOverRest, askSql, type WalkResults } from './ask-dependents.ts'
import { chooseFiles } from './choose-files.ts'
import { randomOf, sample } from './random.ts'
import { readCommit, type BenchRepository } from './repository.ts'
import { silentLog } from './silent-log.ts'

export interface ProductResults {
  readonly firstIndex: {
    readonly seconds: number
    /** The server and what it starts, without PostgreSQL; null where the system does not tell. */
    readonly peakMB: number | null
    /** To reading all files of the commit from git alone. */
    readonly toGitRead: number
  }
  readonly reindex: {
    readonly changedFiles: number
    readonly seconds: number
    readonly peakMB: number | null
    /** To `git diff` of the two commits. */
    readonly toGitDiff: number
  }
  readonly dependents: WalkResults
  readonly impact: ImpactResults
}

const CHANGED = 5
const NAME = 'measured'
const SEED = 9

export async function benchProduct(repository: BenchRepository, signal: AbortSignal): Promise<ProductResults> {
  await using ends = new AsyncDisposableStack()
  const { folder, databaseUrl } = await ownPostgres(ends, { name: 'graph', signal })
  const source = cloneOf(repository, folder)
  const reading = await timed(() => readCommit(repository, join(folder, 'git')))
  const server = await startNode(folder, databaseUrl, { signal })
  ends.defer(server.stop)
  const { client, apiKey, org } = await onboard(server.url)
  const watched = { pid: server.pid, signal }
  let id = ''
  const first = await indexed(client, watched, async () => {
    const { data } = await client.call(addRepository, { source, name: NAME })
    id = data.repository.id
    return data
  })
  const db = openDatabase({ url: databaseUrl, log: silentLog })
  ends.defer(() => db.close())
  const key = { org, repository: id as RepositoryId }
  const read = db.tenant(org).read
  const files = await chooseFiles(read, key)
  for (const path of sample(files.imported, CHANGED, randomOf(SEED)))
    appendFileSync(join(source, path), '\nexport const addedByTheBench = 1\n')
  git(source, 'commit', '-q', '-a', '-m', 'five files')
  const diff = await timed(() => Promise.resolve(git(source, 'diff', 'HEAD^', 'HEAD')))
  const second = await indexed(client, watched, async () => {
    const { data } = await client.call(reindexRepository, { repository: NAME })
    return data
  })
  const sql = await askSql(read, key, files)
  const rest = { url: server.url, apiKey, repository: NAME, signal }
  return {
    firstIndex: { seconds: first.seconds, peakMB: first.peakMB, toGitRead: (1000 * first.seconds) / reading.ms },
    reindex: {
      changedFiles: CHANGED,
      seconds: second.seconds,
      peakMB: second.peakMB,
      toGitDiff: (1000 * second.seconds) / diff.ms,
    },
    dependents: { ...sql, ...(await askOverRest(rest, { files, source, sql })) },
    impact: await askImpact(rest, { source, files: files.imported }),
  }
}

function cloneOf({ gitDir, commit }: BenchRepository, folder: string): string {
  const source = join(folder, 'repositories', NAME)
  mkdirSync(join(folder, 'repositories'))
  git(folder, 'clone', '-q', '--no-checkout', '--no-tags', '--single-branch', gitDir, source)
  git(source, 'checkout', '-q', '-B', 'measured', commit)
  return source
}

async function timed(work: () => Promise<unknown>): Promise<{ ms: number }> {
  const began = performance.now()
  await work()
  return { ms: performance.now() - began }
}
