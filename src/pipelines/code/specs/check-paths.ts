import { dirOf, upward } from '../graph/resolve/paths.ts'
import type { Checking } from './checking.ts'
import { foldPath, groupBy } from './files.ts'
import type { Plan } from './plan.ts'
import { quoted, type Report } from './report.ts'

/** Files that should be there or should not be, and paths that are in each other's way. */
export function checkPaths(checking: Checking): void {
  checkMissing(checking, 'modify')
  checkMissing(checking, 'delete')
  checkExisting(checking)
  checkFolded(checking)
  checkFoldedDirs(checking)
  checkConflicts(checking.plan, checking.report)
}

function checkMissing({ plan, files, index, report }: Checking, action: 'modify' | 'delete'): void {
  const paths = action === 'modify' ? [...plan.modified.keys()] : [...plan.deleted]
  const rule = action === 'modify' ? 'modify_missing_file' : 'delete_missing_file'
  if (paths.length > 0) report.check(rule)
  for (const path of paths) {
    if (files.has(path)) continue
    const gap = index.gaps.get(path)
    if (gap !== undefined) {
      report.ignore({ path, reason: gap.reason, detail: gap.detail })
      continue
    }
    // It is a conflict then, and said as such.
    if (plan.created.has(path)) continue
    const inside = files.below(path.endsWith('/') ? path.slice(0, -1) : path)
    const nearest = files.nearest(path)
    const message = `The plan is to ${action} \`${path}\`, which is not in the indexed commit.`
    report.find({
      rule,
      severity: 'error',
      path,
      message: inside > 0 ? `${message} It is a folder of ${inside} files.` : message,
      evidence: nearest === null ? [] : [{ path: nearest, line: null, text: 'The nearest file that exists' }],
      fix: fixOf({ path, action, nearest, isFolder: inside > 0 }),
    })
  }
}

function fixOf(of: { path: string; action: 'modify' | 'delete'; nearest: string | null; isFolder: boolean }): string {
  const { path, action, nearest, isFolder } = of
  if (isFolder) return `List the files in \`${path}\` that are to be ${action === 'modify' ? 'modified' : 'deleted'}.`
  if (nearest !== null) return `Use \`${nearest}\`${action === 'modify' ? `, or move \`${path}\` to \`create\`` : ''}.`
  return action === 'modify' ? `Move \`${path}\` to \`create\`.` : `Take \`${path}\` out of \`delete\`.`
}

function creationsOf(plan: Plan): readonly string[] {
  return [...new Set([...plan.created.keys(), ...plan.migrations])]
}

function checkExisting({ plan, files, index, report }: Checking): void {
  const creations = creationsOf(plan)
  if (creations.length > 0) report.check('create_existing_file')
  const planned = new Set([...creations, ...plan.tests.keys()])
  for (const path of creations) {
    const found = { rule: 'create_existing_file', severity: 'error', path } as const
    const parent = upward(dirOf(path)).find((dir) => (files.has(dir) && !plan.deleted.has(dir)) || planned.has(dir))
    if (files.has(path) || index.gaps.has(path))
      report.find({
        ...found,
        message: `The plan is to create \`${path}\`, which exists.`,
        evidence: [{ path, line: null, text: 'In the indexed commit' }],
        fix: plan.migrations.has(path)
          ? 'Add a migration of another name: this one exists.'
          : `Move \`${path}\` to \`modify\`, or choose another name.`,
      })
    else if (files.below(path) > 0)
      report.find({
        ...found,
        message: `The plan is to create the file \`${path}\`, which is a folder of ${files.below(path)} files.`,
        evidence: [{ path, line: null, text: `${files.below(path)} files below it in the indexed commit` }],
        fix: `Create the file inside \`${path}\`, or choose another name.`,
      })
    else if (parent !== undefined)
      report.find({
        ...found,
        message: `The plan is to create \`${path}\` inside \`${parent}\`, which is a file.`,
        evidence: [{ path: parent, line: null, text: 'A file, no folder' }],
        fix: `Choose another folder than \`${parent}\`, or delete that file first.`,
      })
  }
}

/** On macOS and Windows two paths that differ in case alone are one. */
function checkFolded({ plan, files, report }: Checking): void {
  const creations = [...new Set([...creationsOf(plan), ...plan.tests.keys()])].filter((path) => !files.has(path))
  if (creations.length > 0) report.check('path_case_clash')
  for (const path of creations)
    for (const other of files.folded(path)) {
      const isRenamed = plan.deleted.has(other)
      report.find({
        rule: 'path_case_clash',
        severity: isRenamed ? 'info' : 'error',
        path,
        message: isRenamed
          ? `\`${path}\` replaces \`${other}\`, which differs from it in case alone.`
          : `\`${path}\` differs in case alone from \`${other}\`, which exists.`,
        evidence: [{ path: other, line: null, text: 'In the indexed commit' }],
        fix: isRenamed
          ? `Rename it by \`git mv ${other} ${path}\`: on systems that ignore case the deletion may remove both.`
          : `Use \`${other}\`, or a name that differs in more than case.`,
      })
    }
  for (const paths of groupBy(creations, foldPath).values()) {
    const [first = '', ...others] = paths.toSorted()
    for (const path of others)
      report.find({
        rule: 'path_case_clash',
        severity: 'error',
        path,
        message: `The plan creates \`${path}\` and \`${first}\`, which differ in case alone.`,
        evidence: [{ path: first, line: null, text: 'Created by the plan' }],
        fix: `Keep one of ${quoted([first, path])}.`,
      })
  }
}

function checkFoldedDirs({ plan, files, report }: Checking): void {
  for (const path of creationsOf(plan)) {
    const dir = upward(dirOf(path)).findLast((one) => one !== '' && files.below(one) === 0)
    const [other] = dir === undefined ? [] : files.foldedDirs(dir)
    if (dir === undefined || other === undefined || files.folded(path).length > 0) continue
    report.find({
      rule: 'path_case_clash',
      severity: 'warning',
      path,
      message: `The folder \`${dir}\` differs in case alone from \`${other}\`, which exists.`,
      evidence: [{ path: other, line: null, text: `${files.below(other)} files below it` }],
      fix: `Create \`${other}${path.slice(dir.length)}\`.`,
    })
  }
}

function checkConflicts({ spec }: Plan, report: Report): void {
  const actions = new Map<string, string[]>()
  const note = (action: string, paths: readonly string[]): void => {
    for (const path of paths) actions.set(path, [...(actions.get(path) ?? []), action])
  }
  note(
    'create',
    (spec.create ?? []).map(({ path }) => path),
  )
  note(
    'modify',
    (spec.modify ?? []).map(({ path }) => path),
  )
  note('delete', spec.delete ?? [])
  note('migrations', spec.migrations ?? [])
  const tests = new Set((spec.tests ?? []).map(({ path }) => path))
  if (actions.size > 0) report.check('conflicting_actions')
  for (const [path, all] of actions) {
    const kinds = [...new Set(all)]
    const conflicting = kinds.filter((kind) => kind !== 'migrations' || !kinds.includes('create'))
    if (conflicting.length === 1 && conflicting[0] === 'delete' && tests.has(path)) conflicting.push('tests')
    if (conflicting.length === 1 && kinds.length === all.length) continue
    const isRepeated = conflicting.length === 1
    report.find({
      rule: 'conflicting_actions',
      severity: isRepeated ? 'info' : 'error',
      path,
      message: isRepeated
        ? `\`${path}\` is listed ${all.length} times in \`${conflicting[0] ?? ''}\`.`
        : `\`${path}\` is listed in ${quoted(conflicting)}, which exclude each other.`,
      evidence: all.map((action) => ({ path, line: null, text: `Listed in \`${action}\`` })),
      fix: isRepeated
        ? 'List it once.'
        : conflicting.includes('create') && conflicting.includes('delete')
          ? `To replace its text list \`${path}\` in \`modify\` alone; to move it create another path.`
          : `Keep \`${path}\` in one of ${quoted(conflicting)}.`,
    })
  }
}
