import { extname } from 'node:path'
import { dialectOf } from '../graph/facts.ts'
import { classOf } from '../snapshot/class-of.ts'
import type { Checking } from './checking.ts'
import { editDistance, toleranceOf } from './edit-distance.ts'
import { groupBy, once } from './files.ts'
import { isKnown, unreadLanguageOf } from './known.ts'
import { type Evidence, quoted } from './report.ts'
import type { IndexedImport, IndexedSymbol } from './spec-index.ts'

type Action = 'use' | 'modify' | 'delete'

interface Wanted {
  readonly name: string
  /** null for anywhere. */
  readonly path: string | null
  readonly action: Action
}

interface Loaded {
  readonly named: ReadonlyMap<string, readonly IndexedSymbol[]>
  readonly inFile: ReadonlyMap<string, readonly IndexedSymbol[]>
  readonly like: readonly IndexedSymbol[]
  /** By importing file. */
  readonly imports: ReadonlyMap<string, readonly IndexedImport[]>
  /** Languages with symbols that are not known. */
  readonly unread: () => readonly string[]
}

/** Symbols that the plan relies on or changes must be defined somewhere. */
export async function checkSymbols(checking: Checking): Promise<void> {
  const wanted = wantedOf(checking)
  if (wanted.length === 0) return
  checking.report.check('symbol_missing')
  const loaded = await load(checking, wanted)
  for (const one of wanted)
    if (one.path === null) checkAnywhere(checking, one, loaded)
    else checkInFile(checking, { ...one, path: one.path }, loaded)
}

/** Whether it is what others import by the name or define under it. */
export function isNamed({ name, exportedAs }: IndexedSymbol, wanted: string): boolean {
  return name === wanted || exportedAs.includes(wanted)
}

function wantedOf({ plan }: Checking): readonly Wanted[] {
  const wanted = new Map<string, Wanted>()
  const note = (one: Wanted): void => void wanted.set(JSON.stringify([one.name, one.path, one.action]), one)
  for (const { path, symbols } of plan.modified.values())
    for (const name of symbols) note({ name, path, action: 'modify' })
  for (const { name, path = null, action } of plan.spec.symbols ?? [])
    if (action !== 'create') note({ name, path, action })
  return [...wanted.values()]
}

async function load({ plan, index, files }: Checking, wanted: readonly Wanted[]): Promise<Loaded> {
  const names = [...new Set(wanted.map(({ name }) => name))]
  const paths = [...new Set(wanted.flatMap(({ path }) => (path === null ? [] : [path])))]
  const [named, own, imports] = await Promise.all([
    index.symbolsNamed(names),
    index.symbolsOf(paths),
    index.importsOf(paths),
  ])
  const byName = new Map(names.map((name) => [name, [] as IndexedSymbol[]]))
  for (const symbol of inOrder(named))
    for (const name of new Set([symbol.name, ...symbol.exportedAs])) byName.get(name)?.push(symbol)
  const missing = names.filter((name) => byName.get(name)?.length === 0)
  const stars = [...new Set(imports.filter((one) => one.names.includes('*')).map(({ target }) => target))]
  const [like, behind] = await Promise.all([
    missing.length === 0 ? [] : index.symbolsLike(missing),
    stars.length === 0 ? [] : index.symbolsOf(stars),
  ])
  return {
    named: byName,
    inFile: groupBy(unique([...own, ...behind, ...plannedSymbols(plan.created.values())]), ({ path }) => path),
    like,
    imports: groupBy(imports, ({ path }) => path),
    unread: once(() => unreadLanguages(files.paths)),
  }
}

function unreadLanguages(paths: readonly string[]): readonly string[] {
  const samples = new Map<string, string>()
  for (const path of paths) {
    const kind = extname(path)
    if (!samples.has(kind) && classOf(path) !== 'built') samples.set(kind, path)
  }
  return [...new Set([...samples.values()].flatMap((path) => unreadLanguageOf(path) ?? []))].toSorted()
}

function unique(symbols: readonly IndexedSymbol[]): readonly IndexedSymbol[] {
  return [...new Map(symbols.map((symbol) => [`${symbol.path}\0${symbol.line}\0${symbol.name}`, symbol])).values()]
}

/** Those that the plan creates are there for whoever uses them. */
function plannedSymbols(created: Iterable<{ path: string; symbols: readonly string[] }>): readonly IndexedSymbol[] {
  return [...created].flatMap(({ path, symbols }) =>
    symbols.map((name) => ({ path, name, line: 0, kind: 'constant' as const, exportedAs: [name] })),
  )
}

function isPlanned({ plan }: Checking, { name, path }: Wanted): boolean {
  const isIt = (other: string | null | undefined): boolean => path === null || other === null || other === path
  return (
    [...plan.created.values()].some((file) => isIt(file.path) && file.symbols.includes(name)) ||
    (plan.spec.symbols ?? []).some((one) => one.action === 'create' && one.name === name && isIt(one.path ?? null))
  )
}

function checkAnywhere(checking: Checking, wanted: Wanted, { named, like, unread }: Loaded): void {
  const { plan, report } = checking
  const found = named.get(wanted.name) ?? []
  const left = found.filter(({ path }) => wanted.action !== 'use' || !plan.deleted.has(path))
  if (left.length > 0 || isPlanned(checking, wanted)) return
  if (found.length > 0) {
    report.find({
      rule: 'symbol_missing',
      severity: 'error',
      path: found[0]?.path ?? null,
      message: `The plan uses \`${wanted.name}\`, which only files that it deletes define.`,
      evidence: evidenceOf(found),
      fix: `Keep \`${found[0]?.path ?? ''}\`, or create \`${wanted.name}\` elsewhere and list it in \`symbols\`.`,
    })
    return
  }
  const languages = unread()
  if (languages.length > 0)
    report.ignore({
      path: null,
      reason: 'symbol_unknown',
      detail: `\`${wanted.name}\` may be defined in a language whose symbols are not known: ${languages.join(', ')}.`,
    })
  const meant = closestSymbol(wanted.name, like)
  report.find({
    rule: 'symbol_missing',
    severity: languages.length > 0 ? 'warning' : 'error',
    path: null,
    message: `No indexed file defines \`${wanted.name}\`, which the plan is to ${wanted.action}.`,
    evidence: meant === null ? [] : evidenceOf([meant]),
    fix:
      meant === null
        ? `Create \`${wanted.name}\` in the plan (action \`create\`), or correct its name.`
        : `Use \`${meant.name}\` of \`${meant.path}\`.`,
  })
}

function checkInFile(checking: Checking, wanted: Wanted & { path: string }, loaded: Loaded): void {
  const { plan, files, index, report } = checking
  const { name, path, action } = wanted
  const own = loaded.inFile.get(path) ?? []
  if (own.some((symbol) => isNamed(symbol, name)) && !plan.deleted.has(path)) return
  if (isPlanned(checking, wanted) || (action === 'delete' && plan.deleted.has(path))) return
  const created = plan.created.get(path)
  if (created?.symbols.length === 0) return
  const isThere = files.has(path) || created !== undefined || index.gaps.has(path)
  if (isThere && created === undefined && !isKnown(checking, path, `\`${name}\``)) return
  if (isThere && action === 'use' && isPassedOn(name, path, loaded) && !plan.deleted.has(path)) return
  const elsewhere = (loaded.named.get(name) ?? []).filter((symbol) => symbol.path !== path)
  const meant = elsewhere[0] ?? closestSymbol(name, own) ?? closestSymbol(name, loaded.like)
  report.find({
    rule: 'symbol_missing',
    severity: 'error',
    path,
    message: whyMissing({ name, path, isThere, isDeleted: plan.deleted.has(path), isCreated: created !== undefined }),
    evidence: elsewhere.length > 0 ? evidenceOf(elsewhere) : meant === null ? [] : evidenceOf([meant]),
    fix: fixOf(wanted, { meant, isElsewhere: elsewhere.length > 0, isCreated: created !== undefined }),
  })
}

function whyMissing(of: {
  name: string
  path: string
  isThere: boolean
  isDeleted: boolean
  isCreated: boolean
}): string {
  if (of.isDeleted) return `The plan relies on \`${of.name}\` of \`${of.path}\`, which it deletes.`
  if (!of.isThere) return `\`${of.name}\` can not be in \`${of.path}\`: there is no such file.`
  if (of.isCreated) return `The plan creates \`${of.path}\` without \`${of.name}\`.`
  return `\`${of.path}\` does not define \`${of.name}\`.`
}

function fixOf(
  { name, path, action }: Wanted,
  of: { meant: IndexedSymbol | null; isElsewhere: boolean; isCreated: boolean },
): string {
  if (of.isCreated) return `Add \`${name}\` to the \`symbols\` of \`${path ?? ''}\`.`
  if (of.meant === null)
    return action === 'delete'
      ? `Take \`${name}\` out of the plan.`
      : `List \`${name}\` in \`symbols\` with action \`create\` and path \`${path ?? ''}\`, or correct its name.`
  return of.isElsewhere
    ? `Name \`${of.meant.path}\` as its path, where it is defined.`
    : `Use \`${of.meant.name}\` of \`${of.meant.path}\`.`
}

/** A file may pass on what it imports. */
function isPassedOn(name: string, path: string, { imports, inFile }: Loaded): boolean {
  return (imports.get(path) ?? []).some(
    ({ names, kind, target }) =>
      names.includes(name) ||
      (kind === 're-export' &&
        names.includes('*') &&
        ((inFile.get(target) ?? []).some((symbol) => symbol.exportedAs.includes(name)) || dialectOf(target) === null)),
  )
}

function inOrder(symbols: readonly IndexedSymbol[]): readonly IndexedSymbol[] {
  return symbols.toSorted((a, b) => (a.path === b.path ? a.line - b.line : a.path < b.path ? -1 : 1))
}

export function evidenceOf(symbols: readonly IndexedSymbol[]): Evidence[] {
  return inOrder(symbols).map(({ path, line, kind, name }) => ({
    path,
    line: line > 0 ? line : null,
    text: `${kind} ${name}`,
  }))
}

/** The same name in another case or as a member, or one that is a letter or two away. */
export function closestSymbol(name: string, symbols: readonly IndexedSymbol[]): IndexedSymbol | null {
  const folded = name.toLowerCase()
  let best: { symbol: IndexedSymbol; key: string } | null = null
  for (const symbol of symbols) {
    const other = symbol.name.toLowerCase()
    const last = other.slice(other.lastIndexOf('.') + 1)
    const distance = other === folded || last === folded ? 0 : editDistance(folded, other, toleranceOf(folded))
    if (distance === null) continue
    const key = `${distance}\0${symbol.exportedAs.length > 0 ? 0 : 1}\0${symbol.path}\0${symbol.name}`
    if (best === null || key < best.key) best = { symbol, key }
  }
  return best?.symbol ?? null
}

/** Symbols that the plan is to create, where they may be already. */
export async function checkNewSymbols(checking: Checking): Promise<void> {
  const { plan, index, report } = checking
  const wanted = [
    ...[...plan.created.values()].flatMap(({ path, symbols }) => symbols.map((name) => ({ name, path }))),
    ...(plan.spec.symbols ?? []).flatMap(({ name, path = null, action }) =>
      action === 'create' ? [{ name, path }] : [],
    ),
  ]
  if (wanted.length === 0) return
  report.check('symbol_exists')
  const removed = new Set(
    (plan.spec.symbols ?? [])
      .filter(({ action }) => action === 'delete')
      .map(({ name, path = '' }) => `${path}\0${name}`),
  )
  const all = await index.symbolsNamed([...new Set(wanted.map(({ name }) => name))])
  const left = inOrder(all).filter(
    ({ path, name }) => !plan.deleted.has(path) && !removed.has(`${path}\0${name}`) && !removed.has(`\0${name}`),
  )
  const byName = new Map<string, IndexedSymbol[]>()
  for (const symbol of left)
    for (const name of new Set([symbol.name, ...symbol.exportedAs]))
      byName.set(name, [...(byName.get(name) ?? []), symbol])
  for (const { name, path } of wanted) {
    const found = byName.get(name) ?? []
    const here = found.filter((symbol) => symbol.path === path)
    const exported = found.filter(
      (symbol) => symbol.path !== path && symbol.exportedAs.includes(name) && classOf(symbol.path) === 'source',
    )
    const shown = here.length > 0 ? here : exported
    const [first] = shown
    if (first === undefined || name === 'default') continue
    report.find({
      rule: 'symbol_exists',
      severity: here.length > 0 ? 'error' : 'info',
      path,
      message:
        here.length > 0
          ? `The plan is to create \`${name}\` in \`${first.path}\`, which defines it.`
          : `The plan is to create \`${name}\`, which ${quoted([...new Set(exported.map((one) => one.path))].slice(0, 3))} ${exported.length > 1 ? 'export' : 'exports'}.`,
      evidence: evidenceOf(shown),
      fix:
        here.length > 0
          ? `Use action \`modify\` for \`${name}\`, or another name.`
          : `Use \`${name}\` of \`${first.path}\` if it does the same, or another name.`,
    })
  }
}
