/**
 * The corpora of the search bench: repositories made of pinned npm packages, kept in a folder outside this repository
 * (`TENON_BENCH_CORPUS`, or `tenon-bench-corpus` in the folder for temporary files).
 *
 * - `medium`: one repository of several packages.
 * - `large`: hundreds of repositories; a big package is cut at its folders.
 *
 * Of each repository there is a bare git directory, which is indexed, and a plain tree of the same files, which the
 * reference reads. Files over the indexer's limit and source maps are no part of a corpus.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { download, type Pinned } from './download.ts'
import { importTree } from './import-tree.ts'
import { moveInto, splitPackage, unpack, type Part } from './unpack.ts'

export const CORPORA = ['medium', 'large'] as const
export type CorpusName = (typeof CORPORA)[number]

export interface CorpusRepository {
  readonly name: string
  /** Bare. */
  readonly gitDir: string
  readonly commit: string
}

export interface Corpus {
  readonly name: CorpusName | 'small'
  readonly repositories: readonly CorpusRepository[]
  /** Holds a folder for each repository, by its name, with the files of the commit. */
  readonly trees: string
  readonly files: number
  readonly bytes: number
  /** Of the names and commits: equal where results can be compared. */
  readonly fingerprint: string
}

interface Manifest {
  readonly version: number
  readonly packages: readonly string[]
  readonly files: number
  readonly bytes: number
  readonly fingerprint: string
  readonly repositories: readonly { readonly name: string; readonly commit: string }[]
}

/** To be raised when the same packages give another corpus. */
const VERSION = 1
const PINNED = new URL('packages.json', import.meta.url)

export function corpusFolder(): string {
  return process.env['TENON_BENCH_CORPUS'] ?? join(tmpdir(), 'tenon-bench-corpus')
}

/** Answers the corpus, which is made first when the folder has none of these versions. @throws without a network */
export async function openCorpus(name: CorpusName, say: (text: string) => void): Promise<Corpus> {
  const packages = packagesOf(name)
  const wanted = packages.map((one) => `${one.name}@${one.version}`)
  const folder = join(corpusFolder(), name)
  const found = readManifest(folder)
  if (found?.version === VERSION && found.packages.join() === wanted.join()) return corpusOf(name, folder, found)
  say(`making the ${name} corpus of ${packages.length} packages in ${folder}`)
  return corpusOf(name, folder, await make(name, folder, packages, say))
}

function packagesOf(name: CorpusName): Pinned[] {
  const pinned = JSON.parse(readFileSync(PINNED, 'utf8')) as { medium: string[]; versions: Record<string, string> }
  return Object.entries(pinned.versions)
    .filter(([one]) => name === 'large' || pinned.medium.includes(one))
    .map(([one, version]) => ({ name: one, version }))
}

function readManifest(folder: string): Manifest | null {
  const file = join(folder, 'manifest.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Manifest) : null
}

function corpusOf(name: CorpusName, folder: string, manifest: Manifest): Corpus {
  const { files, bytes, fingerprint } = manifest
  const repositories = manifest.repositories.map((one) => ({
    ...one,
    gitDir: join(folder, 'repositories', `${one.name}.git`),
  }))
  return { name, repositories, trees: join(folder, 'trees'), files, bytes, fingerprint }
}

async function make(
  name: CorpusName,
  folder: string,
  packages: readonly Pinned[],
  say: (text: string) => void,
): Promise<Manifest> {
  const tarballs = await download(packages, join(corpusFolder(), 'tarballs'))
  rmSync(folder, { recursive: true, force: true })
  const staging = join(folder, 'staging')
  const trees = join(folder, 'trees')
  mkdirSync(trees, { recursive: true })
  const parts: Part[] = []
  for (const { name: pack, file } of tarballs) {
    const label = pack.replace('@', '').replaceAll('/', '.')
    const unpacked = join(staging, label)
    unpack(file, unpacked)
    parts.push(...(name === 'large' ? splitPackage(unpacked, label) : moveInto(unpacked, label)))
  }
  say(`importing ${parts.length} parts into git`)
  const repositories = name === 'large' ? parts : [wholeOf(parts)]
  const made: { name: string; commit: string }[] = []
  for (const repository of repositories) {
    const gitDir = join(folder, 'repositories', `${repository.name}.git`)
    made.push({ name: repository.name, commit: importTree(repository, gitDir, join(trees, repository.name)) })
  }
  rmSync(staging, { recursive: true, force: true })
  const manifest: Manifest = {
    version: VERSION,
    packages: packages.map((one) => `${one.name}@${one.version}`),
    files: parts.reduce((sum, { files }) => sum + files.length, 0),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    fingerprint: createHash('sha256').update(JSON.stringify(made)).digest('hex').slice(0, 16),
    repositories: made,
  }
  writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 1)}\n`)
  return manifest
}

function wholeOf(parts: readonly Part[]): Part {
  return {
    name: 'medium',
    files: parts.flatMap(({ files }) => files),
    bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
  }
}
