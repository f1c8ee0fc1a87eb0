/** The engine as the bench sees it: shards and snapshots as the pipeline makes them, read as a search reads them. */
import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { cpuUsage } from 'node:process'
import { prepareGit, createIndexReader } from '../../src/pipelines/code/index.ts'
import { readBlobs } from '../../src/pipelines/code/git/read-blobs.ts'
import { listTree } from '../../src/pipelines/code/git/tree.ts'
import { groupBlobs } from '../../src/pipelines/code/indexing/plan.ts'
import { languageOf } from '../../src/pipelines/code/language.ts'
import type { Readable } from '../../src/pipelines/code/search/index-reader.ts'
import { buildShard } from '../../src/pipelines/code/shard/build-shard.ts'
import { checksumOf, encodeSnapshot } from '../../src/pipelines/code/snapshot/snapshot.ts'
import { createDiskBlobs, type Blobs } from '../../src/platform/blobs/index.ts'
import type { CorpusRepository } from './corpus.ts'

export interface EngineBuild {
  readonly ms: number
  /** User and system time of this process. */
  readonly cpuMs: number
  readonly shardBytes: number
  /** Without content. */
  readonly indexBytes: number
  readonly corpusBytes: number
  readonly files: number
  readonly peakRssMB: number
}

export interface EngineQuery {
  readonly q: string
  readonly mode: 'literal' | 'regex'
  readonly case: 'sensitive' | 'insensitive'
  readonly limit: number
}

export interface EngineAnswer {
  /** Matching lines in all; a lower bound when truncated. */
  readonly total: number
  readonly truncated: boolean
  readonly tookMs: number
  readonly matches: readonly unknown[]
}

export interface Engine {
  readonly build: EngineBuild
  search(query: EngineQuery): Promise<EngineAnswer>
  close(): Promise<void>
}

export interface EngineOptions {
  readonly repositories: readonly CorpusRepository[]
  /** An empty folder. */
  readonly dir: string
}

const ORG = 'org_bench'
/** As many as a run of the pipeline has under way. */
const AT_ONCE = 4
const LIMITS = { maxDiskBytes: 2 ** 40, maxMemoryBytes: 2 ** 29 }

export async function openEngine({ repositories, dir }: EngineOptions): Promise<Engine> {
  const began = performance.now()
  const cpuBefore = cpuUsage()
  const blobs = createDiskBlobs(join(dir, 'blobs'))
  const sizes = { shardBytes: 0, indexBytes: 0, corpusBytes: 0, files: 0 }
  const scopes: Readable[] = []
  const waiting = [...repositories]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      scopes.push(await indexOne({ dir, blobs, sizes }, next))
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  scopes.sort((a, b) => (a.name < b.name ? -1 : 1))
  const { user, system } = cpuUsage(cpuBefore)
  const reader = createIndexReader({ blobs, dir: join(dir, 'index'), ...LIMITS })
  const never = new AbortController().signal
  return {
    build: {
      ...sizes,
      ms: performance.now() - began,
      cpuMs: (user + system) / 1000,
      peakRssMB: process.resourceUsage().maxRSS / 1024,
    },
    search: async ({ q, mode, case: sensitivity, limit }) => {
      const start = performance.now()
      const query = { text: q, mode, caseSensitive: sensitivity === 'sensitive' }
      const page = await reader.search(ORG, scopes, { query, from: null, limit }, never)
      return { ...page, tookMs: performance.now() - start }
    },
    close: () => reader.close(),
  }
}

interface Build {
  readonly dir: string
  readonly blobs: Blobs
  readonly sizes: { shardBytes: number; indexBytes: number; corpusBytes: number; files: number }
}

async function indexOne({ dir, blobs, sizes }: Build, { name, gitDir, commit }: CorpusRepository): Promise<Readable> {
  const git = prepareGit({ dir: join(dir, 'git'), path: process.env['PATH'] ?? '/usr/bin:/bin', allowHosts: [] })
  const { files } = await listTree(git, gitDir, commit)
  const bySha = new Map(files.map((file) => [file.sha, file]))
  const id = `repo_${name.replaceAll(/[^A-Za-z0-9]/g, '-')}`
  const shards: { key: string; checksum: string }[] = []
  const places = new Map<string, { shard: number; doc: number }>()
  const groups = groupBlobs([...bySha.values()])
  const entries = [...groups.entries()]
  const work = async (): Promise<void> => {
    for (let next = entries.shift(); next !== undefined; next = entries.shift()) {
      const [shard, shas] = next
      const file = join(dir, `${id}-${shard}`)
      const built = await buildShard({ file, blobs: readBlobs(git, gitDir, shas) })
      const key = `${ORG}/${id}/${shard}`
      shards[shard] = { key, checksum: built.checksum }
      sizes.indexBytes += built.indexBytes
      sizes.shardBytes += statSync(file).size
      await blobs.put(key, file)
      for (const { sha, doc, sizeBytes } of built.blobs) {
        if (doc === null) continue
        places.set(sha, { shard, doc })
        sizes.corpusBytes += sizeBytes
      }
    }
  }
  // Of many repositories, several are indexed at once already.
  await Promise.all(Array.from({ length: groups.length > 1 ? AT_ONCE : 1 }, work))
  const rows = files.flatMap(({ path, sha }) => {
    const place = places.get(sha)
    return place === undefined ? [] : [{ path, ...place, language: languageOf(path) }]
  })
  sizes.files += rows.length
  const snapshot = encodeSnapshot(shards, rows)
  sizes.indexBytes += snapshot.length
  const file = join(dir, `${id}.snapshot`)
  writeFileSync(file, snapshot)
  await blobs.put(`${ORG}/${id}/snapshot`, file)
  return { id, name, snapshot: { key: `${ORG}/${id}/snapshot`, checksum: checksumOf(snapshot) } }
}
