import { dialectOf } from '../graph/facts.ts'
import { dirOf, relativeTo } from '../graph/resolve/paths.ts'
import type { Checking } from './checking.ts'
import type { PlannedImport } from './planned-imports.ts'
import type { LocalImport } from './spec-index.ts'
import { createTally, type Learned, learnedAt, nameOfDir, type Tally } from './tally.ts'

const MIN_IMPORTS = 8
const CODE = /\.[mc]?[jt]sx?$/
/** `@/`, `~/`, `#`: what no package is called. */
const ALIAS = /^(?:@\/|~\/?|#)/

const ENDINGS = { ts: 'the extension of TypeScript', js: 'the extension of JavaScript', none: 'no extension' } as const
type Ending = keyof typeof ENDINGS

/** Whether relative imports end in an extension, and whether other folders are imported by an alias. */
export async function checkImportStyle(checking: Checking, imports: readonly PlannedImport[]): Promise<void> {
  const { index, report } = checking
  const planned = imports.filter(({ from }) => isJavaScript(from))
  if (planned.length === 0) return
  const local = (await index.localImports()).filter(({ path }) => isJavaScript(path))
  const [endings, ways] = [createTally(), createTally()]
  for (const { path, specifier, target } of local) {
    const ending = endingOf(specifier, target)
    if (ending !== null) endings.add(path, ending)
    const way = wayOf(specifier)
    if (way !== null) ways.add(path, way)
  }
  const aliases = aliasesOf(local)
  for (const one of planned) {
    const [ending, way] = [learned(endings, one.from), learned(ways, one.from)]
    if (ending !== null || way !== null) report.check('import_convention')
    if (ending !== null) checkEnding(checking, one, ending)
    if (way !== null) checkWay(checking, one, { way, aliases })
  }
}

function isJavaScript(path: string): boolean {
  const dialect = dialectOf(path)
  return dialect !== null && dialect !== 'py'
}

function learned(tally: Tally, from: string): Learned | null {
  return learnedAt(tally, dirOf(from), MIN_IMPORTS)
}

/** null for what tells nothing: packages, and files that are no code. */
function endingOf(specifier: string, target: string | null): Ending | null {
  if (!specifier.startsWith('.') || (target !== null && !CODE.test(target))) return null
  if (/\.[mc]?tsx?$/.test(specifier)) return 'ts'
  if (/\.(?:[mc]?js|jsx)$/.test(specifier)) return target !== null && !/tsx?$/.test(target) ? null : 'js'
  return /\/\.{1,2}$|^\.{1,2}$/.test(specifier) ? null : 'none'
}

function isEnding(value: string): value is Ending {
  return Object.hasOwn(ENDINGS, value)
}

function checkEnding({ report }: Checking, { from, specifier, path }: PlannedImport, known: Learned): void {
  if (!isEnding(known.value)) return
  report.learn({
    name: `ending of relative imports in ${nameOfDir(known.dir)}`,
    value: ENDINGS[known.value],
    followed: known.followed,
    of: known.of,
  })
  const ending = path === null ? null : endingOf(specifier, path)
  if (ending === null || ending === known.value || path === null) return
  const better = withEnding(specifier, path, known.value)
  report.find({
    rule: 'import_convention',
    severity: 'warning',
    path: from,
    message: `'${specifier}' has ${ENDINGS[ending]}; relative imports in ${nameOfDir(known.dir)} have ${ENDINGS[known.value]}.`,
    evidence: [evidenceOf(known, ENDINGS[known.value])],
    fix: `Import '${better}'.`,
  })
}

function evidenceOf({ followed, of, example }: Learned, value: string): { path: string; line: null; text: string } {
  return { path: example, line: null, text: `${followed} of ${of} such imports: ${value}` }
}

function withEnding(specifier: string, target: string, ending: Ending): string {
  const bare = specifier.replace(CODE, '')
  if (ending === 'none') return bare
  const stem = target.replace(CODE, '')
  const isIndex = /(?:^|\/)index$/.test(stem) && !/(?:^|\/)index$/.test(bare)
  const whole = isIndex ? `${bare}/index` : bare
  const extension = CODE.exec(target)?.[0] ?? ''
  return `${whole}${ending === 'ts' ? extension : extension.replace(/tsx?$/, 'js')}`
}

function wayOf(specifier: string): 'alias' | 'relative' | null {
  if (specifier.startsWith('../')) return 'relative'
  return ALIAS.test(specifier) ? 'alias' : null
}

interface Alias {
  readonly prefix: string
  /** Folder that it stands for. */
  readonly dir: string
}

/** Prefixes whose rest is the path of the file: those of more imports first. */
function aliasesOf(local: readonly LocalImport[]): readonly Alias[] {
  const counts = new Map<string, { alias: Alias; count: number }>()
  for (const { specifier, target } of local) {
    const prefix = /^(?:@\/|~\/|#\/?)/.exec(specifier)?.[0]
    if (prefix === undefined) continue
    const rest = specifier.slice(prefix.length).replace(CODE, '')
    const whole = `/${target.replace(CODE, '')}`
    const end = [`/${rest}`, `/${rest}/index`].find((one) => whole.endsWith(one))
    if (rest === '' || end === undefined) continue
    const at = whole.length - end.length
    const alias = { prefix, dir: target.slice(0, Math.max(0, at - 1)) }
    const key = JSON.stringify(alias)
    counts.set(key, { alias, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts]
    .toSorted(([a, one], [b, other]) => other.count - one.count || (a < b ? -1 : 1))
    .map(([, { alias }]) => alias)
}

function checkWay(
  { report, index }: Checking,
  { from, specifier, path }: PlannedImport,
  { way, aliases }: { way: Learned; aliases: readonly Alias[] },
): void {
  const { value, dir, followed, of } = way
  const text = value === 'alias' ? 'by an alias' : 'relative'
  report.learn({ name: `imports of other folders in ${nameOfDir(dir)}`, value: text, followed, of })
  if (value !== 'alias' || path === null || wayOf(specifier) !== 'relative') return
  // The plan's own alias must lead to the same file, as a folder may have others.
  const better = aliases
    .flatMap((alias) => {
      const rest = relativeTo(alias.dir, path)
      return rest === null ? [] : [`${alias.prefix}${rest.replace(CODE, '')}`, `${alias.prefix}${rest}`]
    })
    .find((one) => index.resolve(from, one).path === path)
  if (better === undefined) return
  report.find({
    rule: 'import_convention',
    severity: 'warning',
    path: from,
    message: `'${specifier}' is relative; imports of other folders in ${nameOfDir(dir)} are by an alias.`,
    evidence: [evidenceOf(way, text)],
    fix: `Import '${better}'.`,
  })
}
