import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Client } from '../../src/contract/client.ts'
import { addRepository } from '../../src/contract/code.ts'
import { searchCode } from '../../src/contract/search.ts'
import { getLimits } from '../../src/contract/limits.ts'
import { getRun, isEnded, type Run } from '../../src/contract/runs.ts'
import { git } from '../support/git-repository.ts'
import { onboard, startTenon, type Tenon } from '../support/tenon.ts'
import { waitFor } from '../support/wait-for.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url))
/** Packages whose files make a repository of more than 5,000. */
const PACKAGES = ['@redocly', 'vitest', 'zod', 'undici-types', '@types', 'fast-check', 'hono', 'knip', 'vite']
const TWICE = new Set(['hono', 'zod'])
const repositories = temporaryFolder('repositories')
const source = join(repositories.path, 'large')

beforeAll(() => {
  git(repositories.path, 'init', '-q', '-b', 'main', 'large')
  const present = new Set(readdirSync(MODULES))
  for (const name of PACKAGES.filter((pack) => present.has(pack))) {
    for (const copy of TWICE.has(name) ? ['a', 'b'] : ['a'])
      cpSync(join(MODULES, name), join(source, copy, name), { recursive: true, dereference: false })
  }
  git(source, 'add', '-A', '-f')
  git(source, 'commit', '-q', '-m', 'many files')
  if (git(source, 'ls-files').split('\n').length <= 5_000) throw new Error('the repository is too small')
}, 60_000)
afterAll(() => repositories.remove())

const deaths: readonly { name: string; port: number; kill: (tenon: Tenon) => Promise<void> }[] = [
  { name: 'everything, PostgreSQL included', port: 17431, kill: (tenon) => tenon.killEverything() },
  { name: 'only the server, while PostgreSQL lives on', port: 17432, kill: (tenon) => tenon.killServer() },
]

describe('SIGKILL in the middle of indexing', () => {
  for (const { name, port, kill } of deaths) {
    it(`of ${name}: after the next start the run succeeds and the search is complete`, async () => {
      const folder = temporaryFolder('crash')
      const env = { TENON_LOCAL_REPOS: repositories.path }
      let tenon = await startTenon({ dataDir: folder.path, port, env })
      try {
        const { client } = await onboard(tenon.url, 'crash')
        const { data } = await client.call(addRepository, { source, name: 'large' })
        await waitFor(async () => {
          const now = await runOf(client, data.run.id)
          if (isEnded(now.status)) throw new Error(`the run was too quick to be killed: ${now.status}`)
          return now.progress.chunksDone > 0
        }, 60_000)
        await kill(tenon)

        const before = performance.now()
        tenon = await startTenon({ dataDir: folder.path, port, env })
        expect(performance.now() - before).toBeLessThan(10_000)
        await waitFor(async () => isEnded((await runOf(client, data.run.id)).status), 90_000)
        const ended = await runOf(client, data.run.id)
        expect(ended).toMatchObject({ status: 'succeeded', error: null, progress: { chunksFailed: 0 } })
        expect(ended.progress.chunksDone).toBe(ended.progress.chunksTotal)

        const { used } = (await client.call(getLimits, {})).data
        expect(used).toMatchObject({ concurrentRuns: 0, runsPerDay: 1, repositories: 1 })
        for (const q of ['use strict', 'export declare function', 'Permission is hereby granted']) {
          expect([q, await totalOf(client, q)]).toEqual([q, grepCount(q)])
        }
      } finally {
        await tenon.killEverything()
        folder.remove()
      }
    }, 240_000)
  }
})

async function runOf(client: Client, run: string): Promise<Run> {
  return (await client.call(getRun, { run })).data
}

/** Matching lines in all: those of many are counted page by page. */
async function totalOf(client: Client, q: string): Promise<number> {
  for (let cursor: string | undefined; ;) {
    const { data, meta } = await client.call(searchCode, { q, limit: 200, ...(cursor === undefined ? {} : { cursor }) })
    cursor = meta?.pagination.nextCursor ?? undefined
    if (cursor === undefined) return data.total
  }
}

/** Matching lines in files up to 1 MB that are text, as git sees them. */
function grepCount(q: string): number {
  const sizes = new Map(
    git(source, 'ls-tree', '-r', '-l', '-z', 'HEAD')
      .split('\0')
      .filter(Boolean)
      .map((row) => {
        const [head = '', path = ''] = row.split('\t')
        return [path, Number(head.split(/\s+/)[3])] as const
      }),
  )
  return git(source, 'grep', '-I', '-i', '-F', '-c', '-z', '-e', q, 'HEAD')
    .split('\n')
    .filter(Boolean)
    .map((row) => row.split('\0'))
    .filter(([path = '']) => (sizes.get(path.replace(/^HEAD:/, '')) ?? 0) <= 1_000_000)
    .reduce((sum, [, count]) => sum + Number(count), 0)
}
