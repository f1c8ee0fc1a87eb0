/**
 * The import graph of one repository, beside dependency-cruiser on a checkout of the same commit in the same run; what
 * it finds of the imports that people have written down; then the whole product on a repository of about 5,000 files.
 */
import { loadavg, tmpdir } from 'node:os'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { benchImportGraph, type ImportGraphResults } from './graph/import-graph.ts'
import { makeMonorepo } from './graph/monorepo.ts'
import { benchProduct, type ProductResults } from './graph/product.ts'
import { readCommit, repositoryToMeasure, sizeOf, type BenchRepository } from './graph/repository.ts'
import { benchTruth, type TruthResults } from './graph/truth.ts'
import { interruptible } from './setting.ts'

interface About {
  readonly name: string
  readonly commit: string
  readonly files: number
  /** In TypeScript, JavaScript and Python. */
  readonly codeFiles: number
  readonly codeBytes: number
}

export interface GraphResults {
  readonly importGraph: { readonly repository: About } & ImportGraphResults
  readonly truth: TruthResults
  readonly product: { readonly repository: About; readonly loadBefore: number } & ProductResults
}

/** A smaller repository says little about the product; one is generated then. */
const PRODUCT_FILES = 3_000

export function benchGraph(): Promise<GraphResults> {
  return interruptible(async (signal) => {
    const folder = mkdtempSync(join(tmpdir(), 'tenon-bench-graph-'))
    try {
      const repository = repositoryToMeasure()
      const about = await aboutOf(repository, folder)
      console.log(`making the graph of ${about.name} at ${about.commit.slice(0, 12)}, ${about.codeFiles} code files`)
      const importGraph = { repository: about, ...(await benchImportGraph(repository, folder, signal)) }
      const truth = await benchTruth()
      const generated = about.files < PRODUCT_FILES ? generatedIn(join(folder, 'monorepo')) : null
      const measured = generated ?? repository
      console.log(`indexing ${measured.name} and asking for its graph through the whole product`)
      const aboutProduct = generated === null ? about : await aboutOf(generated, folder)
      const loadBefore = loadavg()[0] ?? 0
      const product = { repository: aboutProduct, loadBefore, ...(await benchProduct(measured, signal)) }
      return { importGraph, truth, product }
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
    }
  })
}

function generatedIn(folder: string): BenchRepository {
  mkdirSync(folder)
  return makeMonorepo(folder)
}

async function aboutOf(repository: BenchRepository, folder: string): Promise<About> {
  const { name, commit } = repository
  return { name, commit, ...sizeOf(await readCommit(repository, join(folder, 'git'))) }
}
