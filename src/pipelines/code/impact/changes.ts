import type { Unknown } from '../../../contract/graph.ts'
import type { analyzeImpact, ChangedSymbol, Impact } from '../../../contract/impact.ts'
import type { OrgId } from '../../../contract/ids.ts'
import type { InputOf } from '../../../contract/operation.ts'
import { TenonError } from '../../../kernel/tenon-error.ts'
import type { CodeDeps } from '../deps.ts'
import type { OpenGraph } from '../graph/open-graph.ts'
import { languageOf } from '../language.ts'
import { readSnapshot } from '../read-snapshot.ts'
import type { Rebuild } from '../rebuild.ts'
import { compareRefs } from './commits.ts'
import type { Compared, Comparison } from './comparison.ts'
import { DiffError } from './diff-error.ts'
import { parseDiff, type FileDiff } from './diff.ts'
import type { ReachStart } from '../graph/reach/reach.ts'
import { definitionsOf, MAX_DEFINITIONS, type NamedSymbol } from '../graph/reach/targets.ts'

type ChangedFile = Impact['changed']['files'][number]
type Input = InputOf<typeof analyzeImpact>

/** A change, whatever it was given as. */
export interface Change {
  readonly files: readonly ChangedFile[]
  readonly symbols: readonly ChangedSymbol[]
  /** Where the graph is entered, by ids of repositories. */
  readonly start: readonly ReachStart[]
  readonly unknown: readonly Unknown[]
}

export interface ChangeOptions {
  readonly deps: CodeDeps
  readonly rebuild: Rebuild
  readonly org: OrgId
  readonly graph: OpenGraph
  readonly signal: AbortSignal
}

const ALL: ReadonlySet<string> = new Set(['*'])
/** Files that are looked into; of the others all is taken for changed. */
const MAX_COMPARED = 1_000
/** More are no change that anybody looks at. */
const MAX_FILES = 5_000
const MAX_SYMBOLS = 20_000

/** @throws TenonError `validation_failed`, `diff_invalid`, `path_not_found`, `symbol_not_found`, and as `compareRefs`. */
export function changeOf(input: Input, options: ChangeOptions): Promise<Change> {
  const given = (['diff', 'base', 'files', 'symbols'] as const).filter((field) => input[field] !== undefined)
  const issue = (path: string, message: string): TenonError =>
    new TenonError('validation_failed', { details: { issues: [{ path: `body.${path}`, message }] } })
  if (given.length !== 1) throw issue('diff', 'Give one of diff, base, files and symbols')
  if (input.head !== undefined && input.base === undefined) throw issue('head', 'Give base with head')
  if (input.diff !== undefined) return ofDiff(input.diff, options)
  if (input.base !== undefined) return ofCommits(input.base, input.head, options)
  if (input.files !== undefined) return ofFiles(input.files, options)
  return ofSymbols(input.symbols ?? [], options)
}

async function ofDiff(text: string, options: ChangeOptions): Promise<Change> {
  const all = readDiff(text)
  const diffs = all.slice(0, MAX_FILES)
  const { graph } = options
  const paths = [...new Set(diffs.flatMap(({ before, after }) => [before ?? [], after ?? []].flat()))]
  const rows = new Map((await graph.filesAt(paths)).map((row) => [row.path, row]))
  const unknown: Unknown[] = all.length > MAX_FILES ? [leftOut(all.length - MAX_FILES, 'files')] : []
  const comparisons: Comparison[] = []
  const files: ChangedFile[] = []
  const whole: string[] = []
  for (const diff of diffs) {
    const file = fileOf(diff)
    files.push(file)
    // Of a copy, what it was made from has not changed, and nobody can import it yet.
    if (diff.binary || diff.entry !== 'file' || diff.change === 'copied') {
      whole.push(file.path)
      if (diff.binary)
        unknown.push({ path: file.path, reason: 'binary', detail: 'What changed in a binary file can not be told.' })
      continue
    }
    const [before, after] = [rows.get(diff.before ?? ''), rows.get(diff.after ?? '')]
    if (diff.change !== 'added' && before === undefined && after === undefined && diff.change !== 'deleted') {
      whole.push(file.path)
      unknown.push(notIndexed(file.path))
      continue
    }
    const isAfter = after !== undefined && diff.afterId !== null && after.sha.startsWith(diff.afterId)
    const isBefore = before !== undefined && diff.beforeId !== null && before.sha.startsWith(diff.beforeId)
    const first = isAfter && !isBefore ? 'after' : 'before'
    comparisons.push({
      before: diff.before,
      after: diff.after,
      texts: { kind: 'hunks', hunks: diff.hunks, first },
    })
  }
  const compared = await compare(comparisons, options)
  return {
    ...compared,
    files,
    start: [...compared.start, ...wholeStarts(whole, options)],
    unknown: [...unknown, ...compared.unknown],
  }
}

function readDiff(text: string): readonly FileDiff[] {
  try {
    return parseDiff(text)
  } catch (error) {
    if (!(error instanceof DiffError)) throw error
    throw new TenonError('diff_invalid', { details: { line: error.line, reason: error.message }, cause: error })
  }
}

function fileOf({ before, after, change }: FileDiff): ChangedFile {
  const path = after ?? before ?? ''
  const previousPath = change === 'renamed' ? before : null
  return { path, previousPath, change: change === 'copied' ? 'added' : change, language: languageOf(path) }
}

function notIndexed(path: string): Unknown {
  return {
    path,
    reason: 'file_not_indexed',
    detail: 'The indexed commit has no such file, so that its users are not known.',
  }
}

async function ofCommits(base: string, head: string | undefined, options: ChangeOptions): Promise<Change> {
  const { deps, org, graph, signal } = options
  const indexed = graph.about.indexedCommit ?? ''
  const found = await compareRefs(deps, { org, graph, base, head: head ?? indexed, signal })
  const comparisons = found.files.map(({ path, previousPath, change, before, after }) => ({
    before: change === 'added' ? null : (previousPath ?? path),
    after: change === 'deleted' ? null : path,
    texts: { kind: 'given' as const, before, after },
  }))
  const compared = await compare(comparisons, options)
  const unknown = [...compared.unknown]
  if (found.base !== indexed && found.head !== indexed)
    unknown.push({
      path: null,
      reason: 'stale',
      detail: `Neither commit is the indexed one, ${indexed.slice(0, 12)}: what depends on the change is told as of that.`,
    })
  if (found.isCut)
    unknown.push({
      path: null,
      reason: 'limit_reached',
      detail: 'The change is too large to look into all of its files.',
    })
  const files = found.files.map(({ path, previousPath, change }) => ({
    path,
    previousPath,
    change,
    language: languageOf(path),
  }))
  return { ...compared, files, unknown }
}

async function ofFiles(paths: readonly string[], options: ChangeOptions): Promise<Change> {
  const wanted = [...new Set(paths)]
  const found = new Set((await options.graph.filesAt(wanted)).map(({ path }) => path))
  if (found.size === 0)
    throw new TenonError('path_not_found', {
      details: { paths: wanted.slice(0, 20), commit: options.graph.about.indexedCommit },
    })
  return {
    files: wanted.map((path) => ({ path, previousPath: null, change: 'modified', language: languageOf(path) })),
    symbols: [],
    start: wholeStarts(wanted, options),
    unknown: wanted.filter((path) => !found.has(path)).map(notIndexed),
  }
}

async function ofSymbols(
  wanted: readonly { name: string; path?: string | undefined }[],
  options: ChangeOptions,
): Promise<Change> {
  const { deps, org, graph } = options
  const key = { org, repository: graph.id }
  const found: NamedSymbol[] = []
  const unknown: Unknown[] = []
  for (const symbol of wanted) {
    const definitions = await definitionsOf(deps.tenant(org).read, key, symbol)
    found.push(...definitions)
    if (definitions.length === 0)
      unknown.push({
        path: symbol.path ?? null,
        reason: 'symbol_unknown',
        detail: `No file defines ${symbol.name}.`,
      })
    if (definitions.length === MAX_DEFINITIONS)
      unknown.push({
        path: symbol.path ?? null,
        reason: 'limit_reached',
        detail: `${symbol.name} is defined ${MAX_DEFINITIONS} times or more: only so many are followed. Give a path.`,
      })
  }
  if (found.length === 0)
    throw new TenonError('symbol_not_found', {
      details: { symbol: wanted[0]?.name ?? '', commit: graph.about.indexedCommit },
    })
  const groups = [...Map.groupBy(found, ({ path }) => path)]
  const compared = await compare(
    groups.map(([path, group]) => ({
      before: path,
      after: path,
      texts: { kind: 'symbols' as const, names: [...new Set(group.map(({ name }) => name))] },
    })),
    options,
  )
  return {
    ...compared,
    files: groups.map(([path]) => ({ path, previousPath: null, change: 'modified', language: languageOf(path) })),
    unknown: [...unknown, ...compared.unknown],
  }
}

function wholeStarts(paths: readonly string[], { graph }: ChangeOptions): ReachStart[] {
  return paths.map((path) => ({ repository: graph.id, path, names: ALL }))
}

function leftOut(count: number, what: string): Unknown {
  return {
    path: null,
    reason: 'limit_reached',
    detail: `${count} ${what} more than one answer can tell of were left out.`,
  }
}

/** Looks into the files, in threads. */
async function compare(comparisons: readonly Comparison[], options: ChangeOptions): Promise<Omit<Change, 'files'>> {
  const { deps, rebuild, org, graph, signal } = options
  const within = comparisons.slice(0, MAX_COMPARED)
  const beyond = comparisons.slice(MAX_COMPARED)
  const compared =
    within.length === 0
      ? []
      : await readSnapshot(deps.tenant(org).read, { org, key: graph.id }, { reader: deps.reader, rebuild }, (scope) =>
          deps.reader.compare(org, scope, within, signal),
        )
  const unknown = within.flatMap((file, i) => unknownOf(file, compared[i], graph))
  if (beyond.length > 0)
    unknown.push({
      path: null,
      reason: 'limit_reached',
      detail: `${beyond.length} files more than can be looked into: all of each is taken for changed.`,
    })
  const symbols = within.flatMap(({ before, after }, i) =>
    (compared[i]?.symbols ?? []).map((symbol) => ({ path: after ?? before ?? '', ...symbol })),
  )
  if (symbols.length > MAX_SYMBOLS) unknown.push(leftOut(symbols.length - MAX_SYMBOLS, 'symbols'))
  return {
    symbols: symbols.slice(0, MAX_SYMBOLS),
    start: [
      ...within.flatMap((file, i) => startsOf(file, compared[i], graph.id)),
      ...beyond.flatMap((file) => startsOf(file, undefined, graph.id)),
    ],
    unknown,
  }
}

/** Importers of the indexed commit know a file that was renamed by its path before or by the one after. */
function startsOf({ before, after }: Comparison, compared: Compared | undefined, repository: string): ReachStart[] {
  const paths = new Set([before, after].flatMap((path) => path ?? []))
  return [...paths].flatMap((path) => [
    { repository, path, names: before === after ? (compared?.names ?? ALL) : ALL },
    ...(compared === undefined || compared.typeNames.size === 0
      ? []
      : [{ repository, path, names: compared.typeNames, typeOnly: true }]),
  ])
}

function unknownOf({ before, after }: Comparison, compared: Compared | undefined, graph: OpenGraph): Unknown[] {
  const path = after ?? before
  const commit = graph.about.indexedCommit?.slice(0, 12) ?? ''
  if (compared?.applies === false)
    return [
      {
        path,
        reason: 'diff_does_not_apply',
        detail: `What is indexed, ${commit}, is neither side of the change: all of the file is taken for changed.`,
      },
    ]
  if (compared?.incomplete !== true) return []
  return [{ path, reason: 'parse_incomplete', detail: 'The file has syntax errors, so that symbols may be missing.' }]
}
