import { baseOf, below, dirOf } from '../graph/resolve/paths.ts'
import { languageOf } from '../language.ts'
import { classOf } from '../snapshot/class-of.ts'
import type { Checking } from './checking.ts'
import { groupBy, stemOf } from './files.ts'
import { isMigrationPath } from './migration-name.ts'
import { type Learned, nameOfDir } from './tally.ts'
import { indexTests, isTestOf, subjectsOf, type TestIndex } from './test-index.ts'
import { isPlace, isSupport, nameOfTest, PLACES, placeOf, testFamilyOf, testNameOf } from './test-name.ts'

/** Tests are called and placed as the others are, and what is new or changed has some. */
export async function checkTests(checking: Checking): Promise<void> {
  const { plan, files } = checking
  const tests = indexTests(files)
  const planned = plannedTests(checking)
  for (const path of planned) {
    if (files.has(path) || isSupport(path) || languageOf(path) === null) continue
    const moved = checkPlace(checking, path, tests)
    checkName(checking, path, { tests, isMoved: moved })
  }
  checkCovered(checking)
  const read = readPlanned(checking, planned)
  checkCreated(checking, tests, read)
  if (plan.modified.size > 0) await checkModified(checking, tests, read)
}

function plannedTests({ plan }: Checking): readonly string[] {
  const created = [...plan.created.keys()].filter((path) => classOf(path) === 'test' && testNameOf(path) !== null)
  return [...new Set([...plan.tests.keys(), ...created])]
}

/** A created file that is no test, or an existing one, that a planned test is for. */
function subjectOf({ plan, files }: Checking, test: string): string | null {
  const [covered] = plan.tests.get(test) ?? []
  if (covered !== undefined) return covered
  const name = testNameOf(test)
  const stem = name?.subject ?? stemOf(test)
  const isIts = (path: string): boolean =>
    classOf(path) === 'source' && testFamilyOf(path) === testFamilyOf(test) && stemOf(path) === stem
  const created = [...plan.created.keys()].filter(isIts)
  const all = created.length > 0 ? created : files.withStem(stem).filter(isIts)
  return all.length === 1 ? (all[0] ?? null) : null
}

function checkName(
  { report }: Checking,
  path: string,
  { tests, isMoved }: { tests: TestIndex; isMoved: boolean },
): void {
  const learned = tests.formAt(path)
  if (learned === null) return
  report.check('test_name_convention')
  learn(report, 'names', learned, learned.value)
  const name = testNameOf(path)
  if (name?.form === learned.value || (name !== null && tests.siblings(path, name.form) > 0)) return
  const better = nameOfTest(learned.value, name?.subject ?? stemOf(path), path)
  report.find({
    rule: 'test_name_convention',
    severity: 'warning',
    path,
    message: `\`${baseOf(path)}\` is not called \`${learned.value}\`, as tests in ${nameOfDir(learned.dir)} are.`,
    evidence: [evidenceOf(learned, `are called \`${learned.value}\``)],
    fix: isMoved ? `Call it \`${better}\`.` : `Call it \`${below(dirOf(path), better)}\`.`,
  })
}

/** Returns whether it should stand elsewhere. */
function checkPlace(checking: Checking, path: string, tests: TestIndex): boolean {
  const { report, plan } = checking
  const subject = subjectOf(checking, path)
  const learned = tests.placeAt(subject ?? path)
  if (learned === null || !isPlace(learned.value)) return false
  report.check('test_place_convention')
  learn(report, 'places', learned, PLACES[learned.value])
  const place = placeOf(path)
  if (place === learned.value && (place === 'apart' || subject === null || isTestOf(path, subject))) return false
  // Tests of more than one file, and those that are called after none and have others beside them, stand where they like.
  if (subject === null || (plan.tests.get(path)?.length ?? 0) > 1) return false
  if (tests.siblings(path, place) > 0 && testNameOf(path)?.subject !== stemOf(subject)) return false
  const form = tests.formAt(subject)?.value ?? testNameOf(path)?.form
  if (form === undefined || (place === learned.value && testNameOf(path)?.form !== form)) return false
  const better = tests.expected(subject, { form, place: learned.value })
  if (better === path) return false
  if (place === learned.value && dirOf(better) === dirOf(path)) return false
  report.find({
    rule: 'test_place_convention',
    severity: 'warning',
    path,
    message: `\`${path}\`, for \`${subject}\`, does not stand ${PLACES[learned.value]}, as tests in ${nameOfDir(learned.dir)} do.`,
    evidence: [evidenceOf(learned, `stand ${PLACES[learned.value]}`)],
    fix: `Create it as \`${better}\`.`,
  })
  return true
}

function learn(report: Checking['report'], what: string, { dir, followed, of }: Learned, value: string): void {
  report.learn({ name: `${what} of tests in ${nameOfDir(dir)}`, value, followed, of })
}

function evidenceOf({ followed, of, example }: Learned, value: string): { path: string; line: null; text: string } {
  return { path: example, line: null, text: `${followed} of ${of} tests ${value}` }
}

function checkCovered({ plan, files, index, report }: Checking): void {
  for (const [path, covers] of plan.tests)
    for (const covered of covers) {
      report.check('test_target_missing')
      const isThere = files.has(covered) || plan.created.has(covered) || plan.migrations.has(covered)
      if ((isThere || index.gaps.has(covered)) && !plan.deleted.has(covered)) continue
      const moved = [...plan.created.keys()].find((one) => baseOf(one) === baseOf(covered))
      const nearest = moved ?? (plan.deleted.has(covered) ? null : files.nearest(covered))
      const isOther = nearest !== null && nearest !== covered
      report.find({
        rule: 'test_target_missing',
        severity: 'warning',
        path,
        message: plan.deleted.has(covered)
          ? `\`${path}\` is to test \`${covered}\`, which the plan deletes.`
          : `\`${path}\` is to test \`${covered}\`, which neither exists nor is created.`,
        evidence: isOther ? [{ path: nearest, line: null, text: 'The nearest file' }] : [],
        fix: isOther
          ? `Use \`${nearest}\` in \`covers\`.`
          : `List \`${covered}\` in \`create\`, or take it out of \`covers\`.`,
      })
    }
}

const UNTESTED =
  /\.d\.[mc]?ts$|\.(?:config|types?|stories|story|interface|constants|module|schema)\.[^/.]+$|(?:^|\/)(?:types?|interfaces?|constants|index|__init__|__main__|setup|settings|version|env)\.[^/.]+$|(?:^|\/)\.[^/]*$|(?:^|\/)(?:docs?|examples?|types|typings|config|configs|scripts|assets|public)\//i

/** Source that people would test: no types, configuration, documents, migrations, barrels. */
function needsTest(path: string): boolean {
  return classOf(path) === 'source' && !UNTESTED.test(path) && !isMigrationPath(path)
}

/** What the planned tests are for, by name or as the plan says. */
interface Planned {
  /** They name a file, or one of several that are called alike. */
  isFor(source: string): boolean
  /** One of them may be for anything. */
  readonly isOpen: boolean
}

function readPlanned(checking: Checking, planned: readonly string[]): Planned {
  const { plan } = checking
  const covered = new Set(planned.flatMap((test) => plan.tests.get(test) ?? []))
  const bySubject = groupBy(planned, (test) => testNameOf(test)?.subject.split('.', 1)[0] ?? '')
  return {
    isFor: (source) =>
      covered.has(source) ||
      [...subjectsOf(source)].some((subject) =>
        bySubject.get(subject.split('.', 1)[0] ?? '')?.some((test) => isTestOf(test, source)),
      ),
    isOpen: planned.some((test) => (plan.tests.get(test) ?? []).length === 0 && subjectOf(checking, test) === null),
  }
}

function checkCreated(checking: Checking, tests: TestIndex, planned: Planned): void {
  const { plan, report, files } = checking
  for (const path of plan.created.keys()) {
    if (!needsTest(path) || !tests.hasTests(path) || files.has(path) || plan.migrations.has(path)) continue
    report.check('test_missing')
    if (planned.isFor(path) || tests.namedAfter(path).length > 0) continue
    const expected = expectedFor(path, tests)
    report.find({
      rule: 'test_missing',
      severity: planned.isOpen ? 'info' : 'warning',
      path,
      message: `The plan creates \`${path}\` and no test for it.`,
      evidence: [],
      fix: `Add \`${expected}\` to \`tests\`, or name \`${path}\` in \`covers\` of the test that is for it.`,
    })
  }
}

function expectedFor(path: string, tests: TestIndex): string {
  const place = tests.placeAt(path)?.value ?? 'beside'
  const form = tests.formAt(path)?.value ?? (testFamilyOf(path) === 'python' ? 'test_*' : '*.test')
  return tests.expected(path, { form, place: isPlace(place) ? place : 'beside' })
}

async function checkModified(checking: Checking, tests: TestIndex, planned: Planned): Promise<void> {
  const { plan, report, files, index } = checking
  const paths = [...plan.modified.keys()].filter((path) => needsTest(path) && tests.hasTests(path) && files.has(path))
  if (paths.length === 0) return
  report.check('test_missing')
  const untested = paths.filter((path) => {
    const left = tests.namedAfter(path).filter((test) => !plan.deleted.has(test))
    return left.length === 0 && !planned.isFor(path)
  })
  if (untested.length === 0) return
  const importers = groupBy(await index.importersOf(untested), ({ target }) => target)
  for (const path of untested) {
    const isImported = (importers.get(path) ?? []).some(
      (one) => classOf(one.path) === 'test' && !plan.deleted.has(one.path),
    )
    if (isImported) continue
    report.find({
      rule: 'test_missing',
      severity: 'info',
      path,
      message: `No test is called after \`${path}\` or imports it, and the plan has none for it.`,
      evidence: [],
      fix: `Add \`${expectedFor(path, tests)}\` to \`tests\`.`,
    })
  }
}
