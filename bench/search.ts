/** Indexes and searches a repository made of this checkout's own dependencies, beside `git grep` on the same commit. */
import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareGit } from '../src/pipelines/code/index.ts'
import { readBlobs } from '../src/pipelines/code/git/read-blobs.ts'
import { listTree } from '../src/pipelines/code/git/tree.ts'
import { buildShard } from '../src/pipelines/code/shard/build-shard.ts'
import { openShard } from '../src/pipelines/code/shard/open-shard.ts'
import { quantile } from './statistics.ts'

const MODULES = fileURLToPath(new URL('../node_modules', import.meta.url))
const PACKAGES = [
  '@modelcontextprotocol',
  'vitest',
  'zod',
  '@types',
  'fast-check',
  'hono',
  'knip',
  'vite',
  'undici-types',
]
const QUERIES = [
  'use strict',
  'export declare function',
  'Permission is hereby granted',
  'async function',
  'toString',
  'zqxjk',
  'TODO',
  'import type',
  'prototype',
  'JSON.stringify',
]
const ROUNDS = 5

export type SearchResults = Awaited<ReturnType<typeof measure>>

export async function benchSearch(): Promise<SearchResults> {
  const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-search-'))
  try {
    return await measure(folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function measure(folder: string) {
  const source = join(folder, 'source')
  const grep = (...args: string[]): string =>
    execFileSync('git', ['-c', 'user.name=b', '-c', 'user.email=b@example.org', ...args], {
      cwd: source,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    })
  const present = new Set(readdirSync(MODULES))
  for (const name of PACKAGES.filter((pack) => present.has(pack)))
    cpSync(join(MODULES, name), join(source, name), { recursive: true })
  grep('init', '-q')
  grep('add', '-A', '-f')
  grep('commit', '-q', '-m', 'bench')
  const git = prepareGit({ dir: join(folder, 'git'), path: '/usr/local/bin:/usr/bin:/bin', allowHosts: [] })
  const { files } = await listTree(git, join(source, '.git'), grep('rev-parse', 'HEAD').trim())
  const shas = [...new Set(files.map(({ sha }) => sha))]
  const file = join(folder, 'bench.shard')
  const began = performance.now()
  const built = await buildShard({ file, blobs: readBlobs(git, join(source, '.git'), shas) })
  const buildMs = performance.now() - began
  const bytes = built.blobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  const { ours, reference } = searchBoth(file, grep)
  return {
    files: files.length,
    corpusMB: bytes / 1e6,
    buildMBPerSecond: bytes / 1e3 / buildMs,
    shardToCorpusWithText: built.sizeBytes / bytes,
    searchP50Ms: quantile(ours, 0.5),
    searchWorstMs: quantile(ours, 1),
    gitGrepP50Ms: quantile(reference, 0.5),
    gitGrepToSearchP50: quantile(reference, 0.5) / quantile(ours, 0.5),
  }
}

/** Milliseconds of each search. */
function searchBoth(file: string, grep: (...args: string[]) => string): { ours: number[]; reference: number[] } {
  const shard = openShard(file)
  const ours: number[] = []
  const reference: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    for (const text of QUERIES) {
      ours.push(timed(() => shard.counts({ text, caseSensitive: false }, Number.POSITIVE_INFINITY)))
      reference.push(
        timed(() => {
          try {
            grep('grep', '-I', '-i', '-F', '-c', '-e', text, 'HEAD')
          } catch {
            // Nothing found.
          }
        }),
      )
    }
  }
  shard.close()
  return { ours, reference }
}

function timed(work: () => unknown): number {
  const began = performance.now()
  work()
  return performance.now() - began
}
