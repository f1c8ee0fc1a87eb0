import { isCode, languageOf } from '../language.ts'

/** Classes of files, in the order in which an answer has them. */
export const CLASSES = ['source', 'test', 'built'] as const
export type FileClass = (typeof CLASSES)[number]

const TEST =
  /(?:^|\/)(?:tests?|__tests__|spec|e2e|testdata|fixtures?|__fixtures__|__mocks__|__snapshots__)\/|(?:^|\/)(?:test_[^/]*|tests|conftest)\.py$|[._-](?:test|tests|e2e)\.[^/.]+$|\.spec\.[^/.]+$|[_-]spec\.(?:[mc]?jsx?|coffee|rb)$|Tests?\.(?:java|kt|cs|scala)$/
const BUILT =
  /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|dist|build|out|coverage|\.next|__pycache__)\/|\.min\.[^/]+$|\.map$|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Gemfile\.lock|composer\.lock|go\.sum)$/

/** By path alone: sources come before tests, and both before what was built or written by a tool. */
export function classOf(path: string): FileClass {
  if (BUILT.test(path)) return 'built'
  return TEST.test(path) ? 'test' : 'source'
}

/** What runners take for a test wherever it stands. */
const NAMED =
  /[._-](?:test|tests|e2e)\.[^/.]+$|\.spec\.[^/.]+$|[_-]spec\.(?:[mc]?jsx?|coffee|rb)$|(?:^|\/)(?:test_[^/]*|tests)\.py$|Tests?\.(?:java|kt|cs|scala)$/
/** Where runners of JavaScript take every file for a test; `below` is what stands in the outermost. */
const FOLDER = /(?:^|\/)(?:tests?|__tests__|spec|e2e)\/(?<below>.*)/
const DATA = /(?:^|\/)(?:fixtures?|__fixtures__|__mocks__|__snapshots__|testdata)\//
const HELPERS = /(?:^|\/)(?:support|helpers?|utils?|setup|mocks|factories|migrations)\//
const SCRIPT = /\.(?:[mc]?[jt]sx?|py)$/
const DECLARATION = /\.d\.[mc]?ts$/
/** File names without their last extension, in lower case with `-` between words. */
const HELPER_NAME =
  /^(?:index|conftest|__\w+__|(?:tests?[._-])?(?:helpers?|utils?|factory|factories|fixtures?))$|^setup(?:[._-]|$)|(?:^|[._-])(?:setup|teardown)$|\.config$|^\./
/** What a project of Django is made of, where tests have one of their own. */
const DJANGO = /(?:^|\/)(?:settings|urls|models|manage|apps|admin|asgi|wsgi)\.py$/

/**
 * A test that can be run, and not what tests are helped by. By its path alone, except for a file that no more than its
 * folder makes a test: that others import it (`isImported`) tells that it is none.
 */
export function isRunnableTest(path: string, isImported = false): boolean {
  if (classOf(path) !== 'test' || !isCode(languageOf(path))) return false
  const below = FOLDER.exec(path)?.groups?.['below'] ?? null
  if (below !== null && DATA.test(below)) return false
  if (NAMED.test(path)) return true
  if (isImported || below === null || !SCRIPT.test(path)) return false
  return !HELPERS.test(below) && !isHelper(below)
}

function isHelper(path: string): boolean {
  if (DECLARATION.test(path) || DJANGO.test(path)) return true
  const stem = path.slice(path.lastIndexOf('/') + 1).replace(/\.\w+$/, '')
  return HELPER_NAME.test(stem.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase())
}
