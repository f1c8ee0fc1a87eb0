import { readJavaScriptConfigs, createJavaScriptResolver } from './javascript.ts'
import { baseOf } from './paths.ts'
import { type FileIndex, indexFiles } from './javascript/probe.ts'
import { createPythonResolver } from './python.ts'
import type { LoadTexts, PublicModule, Resolver } from './resolver.ts'

const CONFIG =
  /^(?:package\.json|tsconfig[^/]*\.json|jsconfig\.json|pnpm-workspace\.yaml|lerna\.json|rush\.json|pyproject\.toml|setup\.cfg|setup\.py)$/
const INSTALLED = /(?:^|\/)node_modules\//
/** A base is seldom not called `tsconfig…`, so that it is found by the one that extends it alone. */
const MAX_ROUNDS = 5
const PYTHON = /\.pyi?$/i

export interface ResolverSources {
  /** Every path of the commit. */
  readonly files: Iterable<string>
  readonly load: LoadTexts
}

export interface CommitResolver extends Resolver {
  /** The configuration files that were read; a commit that changes none of them and no path resolves alike. */
  configPaths(): readonly string[]
}

/** A resolver for the imports of one commit. Broken configuration counts as missing. */
export async function createResolver({ files: paths, load }: ResolverSources): Promise<CommitResolver> {
  const files: ReadonlySet<string> = new Set(paths)
  const index = indexFiles(files)
  const texts = await loadConfigs({ files, index }, load)
  const javascript = createJavaScriptResolver({ files, texts, index })
  const python = createPythonResolver({ files, texts })
  let modules: readonly PublicModule[] | null = null
  return {
    resolve: (path, found) => (PYTHON.test(path) ? python : javascript).resolve(path, found),
    publicModules: () => (modules ??= [...javascript.publicModules(), ...python.publicModules()]),
    configPaths: () => [...texts.keys()].toSorted(),
  }
}

interface Indexed {
  readonly files: ReadonlySet<string>
  readonly index: FileIndex
}

async function loadConfigs({ files, index }: Indexed, load: LoadTexts): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>()
  const asked = new Set<string>()
  let wanted = [...files].filter((path) => CONFIG.test(baseOf(path)) && !INSTALLED.test(path))
  for (let round = 0; wanted.length > 0 && round <= MAX_ROUNDS; round++) {
    for (const path of wanted) asked.add(path)
    for (const [path, text] of await load(wanted)) texts.set(path, text)
    wanted = basesIn({ files, index }, texts).filter((path) => !asked.has(path))
  }
  return texts
}

function basesIn(indexed: Indexed, texts: ReadonlyMap<string, string>): readonly string[] {
  const { reader } = readJavaScriptConfigs({ ...indexed, texts })
  const configs = [...texts.keys()].filter((path) => path.endsWith('.json') && baseOf(path) !== 'package.json')
  return [...new Set(configs.flatMap((path) => reader.basesOf(path)))]
}
