import type { Checking } from './checking.ts'
import { groupBy } from './files.ts'
import { isKnown, unreadLanguageOf } from './known.ts'
import { isNamed } from './check-symbols.ts'
import type { Evidence } from './report.ts'
import type { IndexedImport, IndexedSymbol } from './spec-index.ts'

/** Re-exports that are followed from a symbol. */
const MAX_STEPS = 20

/** Files that the plan deletes and others still import. */
export async function checkDeletedFiles({ plan, index, files, report }: Checking): Promise<void> {
  const deleted = [...plan.deleted].filter((path) => files.has(path))
  if (deleted.length === 0) return
  report.check('deleted_file_imported')
  for (const path of deleted)
    if (unreadLanguageOf(path) !== null || index.gaps.has(path)) isKnown({ index, report }, path, 'What imports it')
  const importers = groupBy(await index.importersOf(deleted), ({ target }) => target)
  for (const path of deleted) {
    const left = (importers.get(path) ?? []).filter((one) => !plan.touched.has(one.path))
    if (left.length === 0) continue
    const by = [...new Set(left.map((one) => one.path))].toSorted()
    report.find({
      rule: 'deleted_file_imported',
      severity: 'error',
      path,
      message: `The plan deletes \`${path}\`, which ${countOf(by.length)} that it leaves as they are import.`,
      evidence: evidenceOf(left),
      fix: `Add ${listOf(by)} to \`modify\` without the import, or keep \`${path}\`.`,
    })
  }
}

interface Removed {
  readonly symbol: IndexedSymbol
  readonly names: ReadonlySet<string>
}

/** Symbols that the plan deletes and others still import. */
export async function checkDeletedSymbols(checking: Checking): Promise<void> {
  const { plan, index, report } = checking
  const wanted = (plan.spec.symbols ?? []).filter(({ action }) => action === 'delete')
  if (wanted.length === 0) return
  report.check('symbol_in_use')
  const symbols = await index.symbolsNamed([...new Set(wanted.map(({ name }) => name))])
  const removed = new Map<string, Removed>()
  for (const { name, path } of wanted)
    for (const symbol of symbols)
      if (isNamed(symbol, name) && (path ?? symbol.path) === symbol.path && !plan.deleted.has(symbol.path)) {
        const names = symbol.exportedAs.includes(name) && symbol.name !== name ? [name] : symbol.exportedAs
        removed.set(`${symbol.path}\0${symbol.name}`, { symbol, names: new Set(names) })
      }
  const uses = await usesOf(
    checking,
    [...removed.values()].filter(({ names }) => names.size > 0),
  )
  for (const [{ symbol }, imports] of uses) reportUse(checking, symbol, imports)
}

function reportUse({ report }: Checking, symbol: IndexedSymbol, imports: readonly Use[]): void {
  const named = imports.filter(({ isWhole }) => !isWhole)
  const shown = named.length > 0 ? named : imports
  if (shown.length === 0) return
  const by = [...new Set(shown.map((one) => one.found.path))].toSorted()
  report.find({
    rule: 'symbol_in_use',
    severity: named.length > 0 ? 'error' : 'warning',
    path: symbol.path,
    message:
      named.length > 0
        ? `The plan deletes \`${symbol.name}\` of \`${symbol.path}\`, which ${countOf(by.length)} that it leaves as they are import.`
        : `The plan deletes \`${symbol.name}\` of \`${symbol.path}\`; ${countOf(by.length)} that it leaves as they are import all of that module.`,
    evidence: evidenceOf(shown.map(({ found }) => found)),
    fix: `Add ${listOf(by)} to \`modify\`, or keep \`${symbol.name}\`.`,
  })
}

interface Use {
  readonly found: IndexedImport
  /** All of the module is imported, so that the symbol may be used or not. */
  readonly isWhole: boolean
}

/** Imports of each symbol in files that the plan leaves as they are, through files that pass it on as well. */
async function usesOf(
  { plan, index, report }: Checking,
  removed: readonly Removed[],
): Promise<ReadonlyMap<Removed, readonly Use[]>> {
  const uses = new Map<Removed, Use[]>(removed.map((one) => [one, []]))
  const seen = new Set<string>()
  let at = removed.flatMap((of) => [...of.names].map((name) => ({ of, path: of.symbol.path, name })))
  for (let step = 0; at.length > 0; step++) {
    if (step === MAX_STEPS) {
      report.ignore({ path: null, reason: 'limit_reached', detail: `Re-exports were followed ${MAX_STEPS} times.` })
      break
    }
    const importers = groupBy(await index.importersOf([...new Set(at.map(({ path }) => path))]), ({ target }) => target)
    const next: typeof at = []
    for (const { of, path, name } of at)
      for (const found of importers.get(path) ?? []) {
        const isWhole = !found.names.includes(name) && found.names.includes('*')
        if (!isWhole && !found.names.includes(name)) continue
        const isPassedOn = found.kind === 're-export'
        const key = `${removed.indexOf(of)}\0${found.path}\0${name}`
        if (isPassedOn && name !== 'default' && !seen.has(key)) next.push({ of, path: found.path, name })
        if (isPassedOn) seen.add(key)
        if (!plan.touched.has(found.path) && !(isPassedOn && isWhole)) uses.get(of)?.push({ found, isWhole })
      }
    at = next
  }
  return uses
}

function evidenceOf(imports: readonly IndexedImport[]): Evidence[] {
  return imports
    .toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
    .map(({ path, line, specifier, names }) => ({
      path,
      line,
      text:
        names.length > 0 ? `Imports ${names.slice(0, 10).join(', ')} from '${specifier}'` : `Imports '${specifier}'`,
    }))
}

function countOf(files: number): string {
  return files === 1 ? '1 file' : `${files} files`
}

/** The first of them; the evidence has more. */
function listOf(paths: readonly string[]): string {
  const named = paths.slice(0, 3).map((path) => `\`${path}\``)
  return paths.length > 3 ? `${named.join(', ')} and ${paths.length - 3} more` : named.join(', ')
}
