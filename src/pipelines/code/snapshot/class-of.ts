/** Classes of files, in the order in which an answer has them. */
export const CLASSES = ['source', 'test', 'built'] as const
export type FileClass = (typeof CLASSES)[number]

const TEST =
  /(?:^|\/)(?:tests?|__tests__|specs?|e2e|testdata|fixtures?|__fixtures__|__mocks__|__snapshots__)\/|(?:^|\/)(?:test_[^/]*\.py|conftest\.py)$|[._-](?:test|tests|spec|e2e)\.[^/.]+$|Tests?\.(?:java|kt|cs|scala)$/
const BUILT =
  /(?:^|\/)(?:node_modules|bower_components|vendor|third_party|dist|build|out|coverage|\.next|__pycache__)\/|\.min\.[^/]+$|\.map$|(?:^|\/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|bun\.lock|Cargo\.lock|poetry\.lock|uv\.lock|Gemfile\.lock|composer\.lock|go\.sum)$/

/** By path alone: sources come before tests, and both before what was built or written by a tool. */
export function classOf(path: string): FileClass {
  if (BUILT.test(path)) return 'built'
  return TEST.test(path) ? 'test' : 'source'
}
