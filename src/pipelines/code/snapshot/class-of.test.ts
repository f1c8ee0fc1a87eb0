import { describe, expect, test } from 'vitest'
import { classOf, isRunnableTest } from './class-of.ts'

const ALWAYS = [
  'src/a.test.ts',
  'src/a.spec.tsx',
  'src/utils/a.test.ts',
  'test/utils/a.test.ts',
  'test/setup/setup.spec.js',
  'src/fixtures/fixtures.test.ts',
  'a-test.mjs',
  'a_test.py',
  'tests/test_helpers.py',
  'tests/setup/test_setup.py',
  'app/tests.py',
  'app/a_tests.py',
  'spec/a_spec.rb',
  'src/ATest.java',
  'cypress/e2e/login.e2e.ts',
]
/** Unless others import them. */
const ALONE = [
  'test/foo.js',
  'test/unit/deep/foo.cjs',
  'tests/foo.ts',
  'spec/foo.mts',
  'e2e/login.tsx',
  'src/__tests__/foo.jsx',
  'src/__tests__/deep/foo.js',
  'src/support/test/foo.js',
  'test/date-utils.js',
  'tests/basic.py',
]
const NEVER = [
  'src/a.ts',
  'tests/conftest.py',
  'app/conftest.py',
  'tests/__init__.py',
  'tests/__main__.py',
  'test/fixtures/a.test.ts',
  'test/fixture/app/index.js',
  'test/fixtures/project/test/a.js',
  'fixtures/a.js',
  '__mocks__/fs.js',
  'src/__tests__/__mocks__/a.js',
  'src/__tests__/__fixtures__/a.ts',
  'src/__tests__/__snapshots__/a.test.ts.snap',
  'test/testdata/a_test.py',
  'test/support/server.js',
  'src/e2e/helpers/login.ts',
  'src/e2e/helper/login.ts',
  'e2e/utils/login.ts',
  'e2e/setup/db.ts',
  'test/setup.ts',
  'test/setup-env.js',
  'test/setupTests.js',
  'test/jest.setup.ts',
  'e2e/globalSetup.ts',
  'e2e/global-teardown.ts',
  'test/helper.js',
  'test/helpers.py',
  'test/utils.ts',
  'test/testUtils.ts',
  'test/test-helpers.ts',
  'tests/factory.py',
  'tests/factories.py',
  'tests/fixtures.py',
  'test/index.js',
  'test/types.d.ts',
  'e2e/playwright.config.ts',
  'test/.eslintrc.js',
  'tests/app/settings.py',
  'tests/app/migrations/0001_initial.py',
  'test/data.json',
  'test/data-test.json',
  'test/README.md',
  'test/run.sh',
  'test/dist/a.test.js',
]

describe('A test that can be run', () => {
  test.each(ALWAYS)('is %s, whoever imports it', (path) => {
    expect([isRunnableTest(path), isRunnableTest(path, true)]).toEqual([true, true])
  })

  test.each(ALONE)('is %s unless others import it', (path) => {
    expect([isRunnableTest(path), isRunnableTest(path, true)]).toEqual([true, false])
  })

  test.each(NEVER)('is not %s', (path) => {
    expect([isRunnableTest(path), isRunnableTest(path, true)]).toEqual([false, false])
  })
})

test.each([
  ['app/tests.py', 'test'],
  ['tests.py', 'test'],
  ['app/latests.py', 'source'],
  ['app/tests.ts', 'source'],
])('the class of %s is %s', (path, expected) => {
  expect(classOf(path)).toBe(expected)
})
