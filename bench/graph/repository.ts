/** The repository whose graph is measured: `TENON_BENCH_REPOSITORY`, a git folder, bare or not, or this checkout. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { prepareGit } from '../../src/pipelines/code/git/git.ts'
import { readBlobs } from '../../src/pipelines/code/git/read-blobs.ts'
import { listTree } from '../../src/pipelines/code/git/tree.ts'
import { dialectOf } from '../../src/pipelines/code/graph/facts.ts'
import { git } from '../node.ts'

export interface BenchRepository {
  /** Never a path: results name it. */
  readonly name: string
  readonly gitDir: string
  readonly commit: string
}

const CHECKOUT = fileURLToPath(new URL('../..', import.meta.url))

export function repositoryToMeasure(): BenchRepository {
  const folder = process.env['TENON_BENCH_REPOSITORY'] ?? CHECKOUT
  const gitDir = git(folder, 'rev-parse', '--path-format=absolute', '--git-common-dir').trim()
  const commit = git(folder, 'rev-parse', 'HEAD').trim()
  return { name: nameOf(gitDir, commit), gitDir, commit }
}

/** What its manifest is called, or else its folder. */
function nameOf(gitDir: string, commit: string): string {
  try {
    const manifest = JSON.parse(git(gitDir, 'show', `${commit}:package.json`)) as { name?: unknown }
    if (typeof manifest.name === 'string') return manifest.name
  } catch {
    // There is none, or none that can be read.
  }
  return basename(basename(gitDir) === '.git' ? dirname(gitDir) : gitDir, '.git')
}

/** What Tenon indexes of the commit, by path. `scratch` is a folder for git's settings. */
export async function readCommit(
  { gitDir, commit }: BenchRepository,
  scratch: string,
): Promise<ReadonlyMap<string, Buffer>> {
  mkdirSync(scratch, { recursive: true })
  const own = prepareGit({ dir: scratch, path: process.env['PATH'] ?? '', allowHosts: [] })
  const { files } = await listTree(own, gitDir, commit)
  const contents = new Map<string, Buffer>()
  const shas = [...new Set(files.map(({ sha }) => sha))]
  for await (const { sha, content } of readBlobs(own, gitDir, shas)) contents.set(sha, content)
  return new Map(files.map(({ path, sha }) => [path, contents.get(sha) ?? Buffer.alloc(0)]))
}

export function writeCheckout(files: ReadonlyMap<string, Buffer>, folder: string): void {
  for (const [path, content] of files) {
    const file = join(folder, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, content)
  }
}

export function sizeOf(files: ReadonlyMap<string, Buffer>): { files: number; codeFiles: number; codeBytes: number } {
  const code = [...files].filter(([path]) => dialectOf(path) !== null)
  return {
    files: files.size,
    codeFiles: code.length,
    codeBytes: code.reduce((sum, [, { length }]) => sum + length, 0),
  }
}
