import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/**
 * Ends a run with the plain line `N passed, N failed[, N skipped]`. A file that could not be read and an error outside
 * of any test count as failed tests.
 */
export default class CountsReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    let passed = 0
    let failed = unhandledErrors.length
    let skipped = 0
    for (const testModule of modules) {
      failed += testModule.errors().length
      for (const suite of testModule.children.allSuites()) failed += suite.errors().length
      for (const test of testModule.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed += 1
        else if (state === 'skipped') skipped += 1
        else failed += 1
      }
    }
    process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}\n`)
  }
}
