/** Classes of files, in the order in which an answer has them. */
export const CLASSES = ['source', 'test', 'built'] as const
export type FileClass = (typeof CLASSES)[number]

const TEST =
  /(?:^|\/)(?:tests?|__tests__|spec|e2e|testdata|fixtures?|__fixtures__|__mocks__|__snapshots__)\/|(?:^|\/)(?:test_[^/]*\.py|conftest\.py)$|[._-](?:test|tests|e2e)\.[^/.]+$|\.spec\.[^/.]+$|[_-]spec\.(?:[mc]?jsx?|coffee|rb)$|Tests?\.(?:java|kt|cs|scala)$/
const BUILT =
  /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|dist|build|out|coverage|\.next|__pycache__)\/|\.min\.[^/]+$|\.map$|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Gemfile\.lock|composer\.lock|go\.sum)$/

/** By path alone: sources come before tests, and both before what was built or written by a tool. */
export function classOf(path: string): FileClass {
  if (BUILT.test(path)) return 'built'
  return TEST.test(path) ? 'test' : 'source'
}

const RUNNABLE =
  /[._-](?:test|tests|e2e)\.[^/.]+$|\.spec\.[^/.]+$|[_-]spec\.(?:[mc]?jsx?|coffee|rb)$|(?:^|\/)test_[^/]*\.py$|(?:^|\/)__tests__\/[^/]+\.[mc]?[jt]sx?$|Tests?\.(?:java|kt|cs|scala)$/

/** A test that can be run, and not what tests are helped by. */
export function isRunnableTest(path: string): boolean {
  return classOf(path) === 'test' && RUNNABLE.test(path)
}
