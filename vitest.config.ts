import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const EXCLUDED = ['**/node_modules/**', '**/dist/**', 'test/fixtures/**']

export default defineConfig({
  test: {
    reporters: ['default', './test/support/counts-reporter.ts'],
    pool: 'forks',
    // More than there are cores on a small machine: many tests wait for processes that they have started.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        // What reads the repository itself: layers and documents. No database, so that `npm run verify` can run it.
        test: { name: 'verify', include: ['test/*.test.ts'], exclude: EXCLUDED },
      },
      {
        extends: true,
        test: {
          name: 'main',
          include: ['{src,bin,scripts,bench,examples}/**/*.test.ts', 'test/*/**/*.test.ts'],
          exclude: EXCLUDED,
          globalSetup: ['./test/support/global-setup.ts'],
        },
      },
    ],
  },
})
