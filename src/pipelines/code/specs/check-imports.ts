import { dirOf, joinPath, relativeTo, upward } from '../graph/resolve/paths.ts'
import type { Checking } from './checking.ts'
import type { PlannedImport } from './planned-imports.ts'
import type { SpecIndex } from './spec-index.ts'

/** Planned imports must lead somewhere in the commit as the plan leaves it. */
export function checkImports(checking: Checking, imports: readonly PlannedImport[]): void {
  const { report } = checking
  if (imports.length > 0) report.check('import_unresolved')
  for (const one of imports) {
    if (one.path !== null) continue
    switch (one.reason) {
      case 'undeclared':
        checkUndeclared(checking, one)
        break
      case 'not_found':
        reportNotFound(checking, one)
        break
      case 'not_literal':
        report.ignore({
          path: one.from,
          reason: 'imports_unresolved',
          detail: `'${one.specifier}' is computed, so that it can not be told where it leads.`,
        })
        break
      case 'external':
      case 'builtin':
      case null:
        break
    }
  }
}

/** Of an npm specifier: `@scope/name/part` or `name/part`. */
export function packageOf(specifier: string): string {
  const [first = '', second] = specifier.split('/', 2)
  return first.startsWith('@') && second !== undefined ? `${first}/${second}` : first
}

function checkUndeclared({ plan, index, report }: Checking, { from, specifier }: PlannedImport): void {
  const name = packageOf(specifier)
  const dirs = new Set(upward(dirOf(from)))
  const planned = (plan.spec.dependencies ?? []).filter((one) => one.name === name || one.name === typesOf(name))
  if (planned.some(({ manifest }) => dirs.has(dirOf(manifest ?? '')))) return
  const manifests = index.manifests.filter(({ path, ecosystem }) => ecosystem === 'npm' && dirs.has(dirOf(path)))
  const nearest = manifests.toSorted((a, b) => b.path.length - a.path.length)[0]?.path ?? 'package.json'
  const elsewhere = index.manifests.flatMap(({ path, dependencies }) =>
    dependencies.filter((one) => one.name === name).map(({ line, range }) => ({ path, line, range })),
  )
  const [first] = elsewhere
  report.find({
    rule: 'import_unresolved',
    severity: 'error',
    path: from,
    message: `No manifest above \`${from}\` declares the package \`${name}\`, which it is to import as '${specifier}'.`,
    evidence: elsewhere.map(({ path, line, range }) => ({ path, line, text: `${name}: ${range}` })),
    fix: `Add \`${name}\`${first === undefined ? '' : ` with version \`${first.range}\``} for \`${nearest}\` to \`dependencies\`.`,
  })
}

function typesOf(name: string): string {
  return `@types/${name.startsWith('@') ? name.slice(1).replace('/', '__') : name}`
}

function reportNotFound({ plan, index, files, report }: Checking, { from, specifier }: PlannedImport): void {
  const target = specifier.startsWith('.') && !isPython(from) ? joinPath(dirOf(from), specifier) : null
  const deleted = target === null ? undefined : [...plan.deleted].find((path) => isMeant(target, path))
  const nearest = target === null ? null : files.nearest(target)
  const isUsable = nearest !== null && !plan.deleted.has(nearest) && nearest !== from
  const meant = isUsable ? nearest : null
  report.find({
    rule: 'import_unresolved',
    severity: 'error',
    path: from,
    message:
      deleted === undefined
        ? `'${specifier}', which \`${from}\` is to import, leads to no file, not even to one that the plan creates.`
        : `'${specifier}', which \`${from}\` is to import, leads to \`${deleted}\`, which the plan deletes.`,
    evidence:
      deleted !== undefined
        ? [{ path: deleted, line: null, text: 'Deleted by the plan' }]
        : meant === null
          ? []
          : [{ path: meant, line: null, text: 'The nearest file that exists' }],
    fix:
      meant !== null
        ? `Import '${specifierTo(from, meant, index)}', or list the missing file in \`create\`.`
        : `List the file that '${specifier}' means in \`create\`, or take the import out.`,
  })
}

function isPython(path: string): boolean {
  return /\.pyi?$/i.test(path)
}

function isMeant(target: string, path: string): boolean {
  return path === target || path.startsWith(`${target}.`) || path.startsWith(`${target}/index.`)
}

const EXTENSION = /(?:\.d)?\.[mc]?[jt]sx?$/

/** As short as the file's neighbours would write it, provided that it leads there. */
function specifierTo(from: string, to: string, index: SpecIndex): string {
  const whole = relativeSpecifier(dirOf(from), to)
  const bare = whole.replace(EXTENSION, '')
  return [whole, bare].find((one) => index.resolve(from, one).path === to) ?? whole
}

export function relativeSpecifier(dir: string, to: string): string {
  let up = ''
  for (const above of upward(dir)) {
    const rest = relativeTo(above, to)
    if (rest !== null) return up === '' ? `./${rest}` : `${up}${rest}`
    up += '../'
  }
  return to
}
