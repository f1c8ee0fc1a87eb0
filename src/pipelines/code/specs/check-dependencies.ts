import { baseOf, dirOf, upward } from '../graph/resolve/paths.ts'
import type { Checking } from './checking.ts'
import { type Evidence, quoted } from './report.ts'
import type { Declared, Manifest } from './spec-index.ts'
import { SHARE } from './tally.ts'
import { isSameRange, STYLE_NAMES, type VersionStyle, versionStyleOf, withStyle } from './version-style.ts'

const MIN_DEPENDENCIES = 8

type Planned = NonNullable<Checking['plan']['spec']['dependencies']>[number]

interface Entry extends Declared {
  readonly manifest: string
}

/** Packages to add go into a manifest that is there, with the version that the others have. */
export function checkDependencies(checking: Checking): void {
  const { plan, report } = checking
  const planned = plan.spec.dependencies ?? []
  if (planned.length === 0) return
  report.check('manifest_missing')
  const declared = entriesByName(checking.index.manifests)
  const styles = new Map<string, Learned | null>()
  for (const one of planned) {
    const manifest = manifestOf(checking, one)
    if (manifest === null) continue
    checkDeclared(checking, one, { manifest, declared })
    const { ecosystem } = manifest
    if (!styles.has(ecosystem)) styles.set(ecosystem, learnStyle(checking, ecosystem))
    checkStyle(checking, one, { manifest, learned: styles.get(ecosystem) ?? null })
  }
  checkAmongPlanned(checking, planned)
}

/** Python takes `My_Package` and `my-package` as one. */
function nameOf(name: string, ecosystem: Manifest['ecosystem']): string {
  return ecosystem === 'npm' ? `npm ${name}` : `python ${name.toLowerCase().replaceAll(/[-_.]+/g, '-')}`
}

function entriesByName(manifests: readonly Manifest[]): ReadonlyMap<string, readonly Entry[]> {
  const entries = new Map<string, Entry[]>()
  for (const { path, ecosystem, dependencies } of inOrder(manifests))
    for (const one of dependencies) {
      const key = nameOf(one.name, ecosystem)
      const known = entries.get(key)
      if (known === undefined) entries.set(key, [{ ...one, manifest: path }])
      else known.push({ ...one, manifest: path })
    }
  return entries
}

function inOrder(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.toSorted((a, b) => (a.path < b.path ? -1 : 1))
}

const ROOTS = ['package.json', 'pyproject.toml', 'requirements.txt']

/** null when it is missing or can not be read, which is said. A manifest that the plan creates is empty. */
function manifestOf(checking: Checking, { name, manifest: path }: Planned): Manifest | null {
  const { plan, index, files, report } = checking
  const left = index.manifests.filter((one) => !plan.deleted.has(one.path))
  if (path === undefined) {
    const roots = ROOTS.flatMap((root) => left.find((one) => one.path === root) ?? [])
    const named = roots.find((one) => one.dependencies.some((other) => other.name === name))
    const created = ROOTS.find((root) => plan.created.has(root))
    const found = named ?? roots[0] ?? (created === undefined ? null : emptyManifest(created))
    if (found === null) reportMissing(checking, { name, path: null, left })
    return found
  }
  const known = left.find((one) => one.path === path)
  if (known !== undefined) return known
  if (plan.created.has(path)) return emptyManifest(path)
  if ((files.has(path) || index.gaps.has(path)) && !plan.deleted.has(path)) {
    report.ignore({ path, reason: 'language_unsupported', detail: `Versions in \`${path}\` could not be read.` })
    return null
  }
  reportMissing(checking, { name, path, left })
  return null
}

function emptyManifest(path: string): Manifest {
  return { path, ecosystem: baseOf(path) === 'package.json' ? 'npm' : 'python', name: null, dependencies: [] }
}

function reportMissing(
  { report, plan }: Checking,
  { name, path, left }: { name: string; path: string | null; left: readonly Manifest[] },
): void {
  const dirs = upward(dirOf(path ?? ''))
  const near = left
    .map((one) => ({ path: one.path, far: dirs.indexOf(dirOf(one.path)) }))
    .toSorted((a, b) => (a.far === -1 ? 1e3 : a.far) - (b.far === -1 ? 1e3 : b.far) || (a.path < b.path ? -1 : 1))
    .slice(0, 5)
  const [first] = near
  const why = path !== null && plan.deleted.has(path) ? 'which the plan deletes' : 'which does not exist'
  report.find({
    rule: 'manifest_missing',
    severity: 'error',
    path,
    message:
      path === null
        ? `\`${name}\` has no manifest to go to: there is none at the root of the repository.`
        : `\`${name}\` is to go to \`${path}\`, ${why}.`,
    evidence: near.map((one) => ({ path: one.path, line: null, text: 'A manifest that exists' })),
    fix:
      first === undefined
        ? `List \`${path ?? 'package.json'}\` in \`create\`.`
        : `Use \`${first.path}\` as \`manifest\` of \`${name}\`${path === null ? '' : `, or list \`${path}\` in \`create\``}.`,
  })
}

function checkDeclared(
  { report }: Checking,
  { name, version }: Planned,
  { manifest, declared }: { manifest: Manifest; declared: ReadonlyMap<string, readonly Entry[]> },
): void {
  report.check('dependency_present')
  report.check('dependency_version_conflict')
  const all = declared.get(nameOf(name, manifest.ecosystem)) ?? []
  const here = all.filter((one) => one.manifest === manifest.path)
  const others = all.filter((one) => one.manifest !== manifest.path && !one.peer)
  const [own] = here
  const isSame = here.some(({ range }) => version === undefined || isSameRange(range, version))
  const differing = version === undefined ? [] : others.filter(({ range }) => !isSameRange(range, version))
  if (own !== undefined)
    report.find({
      rule: 'dependency_present',
      severity: 'info',
      path: manifest.path,
      message: isSame
        ? `\`${manifest.path}\` has \`${name}\` already.`
        : `\`${manifest.path}\` has \`${name}\` with \`${own.range}\`, and is to get \`${version ?? ''}\`.`,
      evidence: here.map(evidenceOf),
      fix: isSame
        ? `Take \`${name}\` out of \`dependencies\`.`
        : `Change \`${own.range}\` to \`${version ?? ''}\` there.`,
    })
  else if (version === undefined && others.length > 0)
    report.find({
      rule: 'dependency_present',
      severity: 'info',
      path: manifest.path,
      message: `Other manifests have \`${name}\` already.`,
      evidence: others.map(evidenceOf),
      fix: `Use \`${commonest(others)}\` for \`${name}\`.`,
    })
  if (version === undefined || differing.length === 0) return
  const ranges = [...new Set(differing.map(({ range }) => range))].slice(0, 5)
  report.find({
    rule: 'dependency_version_conflict',
    severity: 'warning',
    path: manifest.path,
    message: `\`${name}\` is to have \`${version}\` in \`${manifest.path}\`, and has ${quoted(ranges)} elsewhere.`,
    evidence: differing.map(evidenceOf),
    fix:
      own === undefined
        ? `Use \`${commonest(others)}\` for \`${name}\`, or raise it in ${quoted([...new Set(differing.map((one) => one.manifest))].slice(0, 3))} as well.`
        : `Raise \`${name}\` to \`${version}\` in ${quoted([...new Set(differing.map((one) => one.manifest))].slice(0, 3))} as well, or keep \`${own.range}\`.`,
  })
}

function evidenceOf({ manifest, line, name, range }: Entry): Evidence {
  return { path: manifest, line, text: `${name}: ${range === '' ? 'any version' : range}` }
}

function commonest(entries: readonly Entry[]): string {
  const counts = new Map<string, number>()
  for (const { range } of entries) counts.set(range, (counts.get(range) ?? 0) + 1)
  const [best] = [...counts].toSorted(([a, one], [b, other]) => other - one || (a < b ? -1 : 1))
  return best?.[0] ?? ''
}

/** The same package twice in one plan. */
function checkAmongPlanned({ report }: Checking, planned: readonly Planned[]): void {
  const first = new Map<string, Planned>()
  for (const one of planned) {
    if (one.version === undefined) continue
    const known = first.get(one.name)
    if (known === undefined) first.set(one.name, one)
    else if (!isSameRange(known.version ?? '', one.version))
      report.find({
        rule: 'dependency_version_conflict',
        severity: known.manifest === one.manifest ? 'error' : 'warning',
        path: one.manifest ?? null,
        message: `The plan gives \`${one.name}\` the versions \`${known.version ?? ''}\` and \`${one.version}\`.`,
        evidence: [known, one].map(({ manifest, version }) => ({
          path: manifest ?? '',
          line: null,
          text: `Planned: ${one.name}: ${version ?? ''}`,
        })),
        fix: `Use one version of \`${one.name}\`, such as \`${known.version ?? ''}\`.`,
      })
  }
}

interface Learned {
  readonly style: VersionStyle
  readonly followed: number
  readonly of: number
  readonly example: Entry
}

/** Whether versions are exact, or which ranges they are. Which range matters only where ranges are the rule. */
function learnStyle({ index, report }: Checking, ecosystem: Manifest['ecosystem']): Learned | null {
  const entries = inOrder(index.manifests)
    .filter((one) => one.ecosystem === ecosystem)
    .flatMap(({ path, dependencies }) => dependencies.map((one): Entry => ({ ...one, manifest: path })))
    .filter((one) => !one.peer && !index.workspaceNames.has(one.name))
  const styled = entries.flatMap((entry) => {
    const style = versionStyleOf(entry.range)
    return style === null ? [] : [{ style, entry }]
  })
  if (styled.length < MIN_DEPENDENCIES) return null
  for (const style of new Set(styled.map((one) => one.style))) {
    const same = styled.filter((one) => one.style === style)
    const [example] = same
    if (style === 'other' || example === undefined || same.length < SHARE * styled.length) continue
    report.learn({
      name: `versions of ${ecosystem === 'npm' ? 'npm' : 'Python'} packages`,
      value: STYLE_NAMES[style],
      followed: same.length,
      of: styled.length,
    })
    return { style, followed: same.length, of: styled.length, example: example.entry }
  }
  return null
}

/** What a manifest has already is more likely to be right than the plan's version in another style. */
function rangeOf(manifests: readonly Manifest[], name: string, style: VersionStyle): string | null {
  const entries = inOrder(manifests).flatMap(({ path, dependencies }) =>
    dependencies
      .filter((one) => one.name === name && !one.peer && versionStyleOf(one.range) === style)
      .map((one) => ({ ...one, manifest: path })),
  )
  return entries.length === 0 ? null : commonest(entries)
}

function checkStyle(
  { report, index }: Checking,
  { name, version }: Planned,
  { manifest, learned }: { manifest: Manifest; learned: Learned | null },
): void {
  if (learned === null || version === undefined || index.workspaceNames.has(name)) return
  const style = versionStyleOf(version)
  if (style === null) return
  report.check('dependency_range_convention')
  if (style === learned.style) return
  const better = rangeOf(index.manifests, name, learned.style) ?? withStyle(version, learned.style, manifest.ecosystem)
  report.find({
    rule: 'dependency_range_convention',
    severity: 'warning',
    path: manifest.path,
    message: `\`${name}\` is to have \`${version}\`; manifests here have ${STYLE_NAMES[learned.style]}.`,
    evidence: [
      {
        path: learned.example.manifest,
        line: learned.example.line,
        text: `${learned.followed} of ${learned.of} are ${STYLE_NAMES[learned.style]}, as ${learned.example.name}: ${learned.example.range}`,
      },
    ],
    fix:
      better === null
        ? `Use one of the ${STYLE_NAMES[learned.style]} for \`${name}\`.`
        : `Use \`${better}\` for \`${name}\`.`,
  })
}
