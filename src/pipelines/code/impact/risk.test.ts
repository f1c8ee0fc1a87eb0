import { describe, expect, it } from 'vitest'
import type { Unknown } from '../../../contract/graph.ts'
import { nextSteps } from './next-steps.ts'
import { assessRisk, type ChangedFile, type Findings } from './risk.ts'
import { sensitivityOf } from './sensitive-path.ts'

const FILE: ChangedFile = {
  path: 'src/a.ts',
  change: 'modified',
  language: 'typescript',
  test: false,
  felt: true,
  fanIn: 1,
}

const QUIET: Findings = {
  repository: 'shop',
  indexedCommit: '0123456789abcdef0123',
  files: [FILE],
  symbols: [],
  dependents: { total: 1, direct: 1, areas: [], repositories: [] },
  tests: ['src/a.test.ts'],
  endpoints: [],
  jobs: [],
  cycles: [],
  unknown: [],
}

function symbolOf(change: 'removed' | 'signature' | 'body', users: readonly string[]): Findings['symbols'][number] {
  return {
    path: 'src/a.ts',
    name: 'f',
    kind: 'function',
    change,
    exported: true,
    line: 1,
    before: '',
    after: '',
    users,
  }
}

function unknownOf(reason: Unknown['reason'], path: string | null = null): Unknown {
  return { path, reason, detail: '' }
}

const many = (count: number): string[] => Array.from({ length: count }, (_, i) => `f${i}.ts`)

describe('the risk', () => {
  const cases: readonly (readonly [string, Partial<Findings>, string, readonly string[]])[] = [
    ['is low when little depends on it and a test reaches it', {}, 'low', []],
    [
      'is high for what is removed and still imported',
      { symbols: [symbolOf('removed', ['b.ts'])] },
      'high',
      ['removed_in_use'],
    ],
    ['is low for what is removed and used nowhere', { symbols: [symbolOf('removed', [])] }, 'low', []],
    [
      'is high for a file that is deleted and still imported',
      { files: [{ ...FILE, change: 'deleted' }] },
      'high',
      ['deleted_in_use'],
    ],
    [
      'is medium for another signature that is used',
      { symbols: [symbolOf('signature', ['b.ts'])] },
      'medium',
      ['signature_changed'],
    ],
    [
      'is high for another signature that is used much',
      { symbols: [symbolOf('signature', many(9))] },
      'high',
      ['signature_changed'],
    ],
    ['is low for another body', { symbols: [symbolOf('body', ['b.ts'])] }, 'low', []],
    [
      'is high when much depends on it, in many parts',
      { dependents: { total: 60, direct: 2, areas: ['api', 'web', 'db'], repositories: [] } },
      'high',
      ['many_dependents', 'wide_reach'],
    ],
    [
      'is high when it reaches other repositories',
      { dependents: { total: 1, direct: 1, areas: [], repositories: ['web'] } },
      'high',
      ['other_repositories'],
    ],
    ['is medium for a file that many import', { files: [{ ...FILE, fanIn: 30 }] }, 'medium', ['hub_changed']],
    [
      'is medium on a route and in a job',
      { endpoints: ['GET /a'], jobs: ['mail'] },
      'medium',
      ['endpoints_touched', 'jobs_touched'],
    ],
    ['is medium when no test reaches it', { tests: [] }, 'medium', ['untested']],
    [
      'is low for a text without tests',
      { tests: [], files: [{ ...FILE, path: 'a.md', language: 'markdown' }] },
      'low',
      [],
    ],
    ['is low for a test', { tests: [], files: [{ ...FILE, test: true }] }, 'low', []],
    ['is medium in a circle of imports', { cycles: [['src/a.ts', 'src/b.ts']] }, 'medium', ['in_cycle']],
    [
      'is high for a migration that is rewritten',
      { files: [{ ...FILE, path: 'db/migrations/1.sql', language: 'sql' }] },
      'high',
      ['migration_changed'],
    ],
    [
      'is medium for a new migration and a lockfile',
      {
        files: [
          { ...FILE, path: 'db/migrations/1.sql', language: 'sql', change: 'added' },
          { ...FILE, path: 'yarn.lock', language: null },
        ],
      },
      'medium',
      ['migration_changed', 'lockfile_changed'],
    ],
    ['is unknown when nothing is indexed', { unknown: [unknownOf('not_indexed')] }, 'unknown', []],
    ['is unknown rather than medium', { tests: [], unknown: [unknownOf('stale')] }, 'unknown', ['untested']],
    [
      'stays high when something is unknown',
      { symbols: [symbolOf('removed', ['b.ts'])], unknown: [unknownOf('imports_unresolved')] },
      'high',
      ['removed_in_use'],
    ],
    ['is not unknown for a picture', { unknown: [unknownOf('binary', 'a.png')] }, 'low', []],
    [
      'is unknown for code without a graph',
      {
        tests: ['a'],
        files: [{ ...FILE, path: 'a.go', language: 'go' }],
        unknown: [unknownOf('language_unsupported', 'a.go')],
      },
      'unknown',
      [],
    ],
    [
      'is not unknown for a text without a graph',
      {
        files: [{ ...FILE, path: 'a.md', language: 'markdown' }],
        unknown: [unknownOf('language_unsupported', 'a.md')],
      },
      'low',
      [],
    ],
  ]
  it.each(cases)('%s', (_, findings, level, factors) => {
    const risk = assessRisk({ ...QUIET, ...findings })
    expect([risk.level, risk.factors.map(({ name }) => name)]).toEqual([level, factors])
  })

  it('has the gravest reasons first', () => {
    const risk = assessRisk({ ...QUIET, tests: [], endpoints: ['GET /a'], symbols: [symbolOf('removed', ['b.ts'])] })
    expect(risk.factors.map(({ level }) => level)).toEqual(['high', 'medium', 'medium'])
    expect(risk.factors[0]?.detail).toBe('Removed and still imported: f of src/a.ts')
  })
})

describe('the next steps', () => {
  const cases: readonly (readonly [string, Partial<Findings>, readonly string[]])[] = [
    ['are the tests to run', { tests: many(7) }, ['Run 7 tests: f0.ts, f1.ts, f2.ts, f3.ts, f4.ts and 2 more']],
    ['are a test to write', { tests: [] }, ['Add a test of src/a.ts: none reaches it']],
    ['are none for a text', { tests: [], files: [{ ...FILE, language: 'markdown' }] }, []],
    [
      'are uses to change, before tests',
      { symbols: [symbolOf('removed', ['b.ts', 'c.ts'])] },
      ['Change 2 files that still import f: b.ts, c.ts', 'Run 1 test: src/a.test.ts'],
    ],
    [
      'begin with what is unknown',
      { unknown: [unknownOf('diff_does_not_apply', 'src/a.ts'), unknownOf('binary', 'a.png')] },
      [
        'Take the diff from or to commit 0123456789ab, or index shop again: it does not apply to src/a.ts',
        'Run 1 test: src/a.test.ts',
      ],
    ],
    [
      'say one thing once',
      {
        tests: [],
        files: [],
        unknown: [unknownOf('not_indexed'), unknownOf('diff_does_not_apply')],
        indexedCommit: null,
      },
      ['Index shop, then ask again'],
    ],
    [
      'leave migrations that have run alone',
      { tests: [], files: [{ ...FILE, path: 'migrations/1.sql', language: 'sql' }] },
      ['Add a new migration instead of changing migrations/1.sql'],
    ],
  ]
  it.each(cases)('%s', (_, findings, expected) => {
    expect(nextSteps({ ...QUIET, ...findings })).toEqual(expected)
  })
})

it.each([
  ['db/migrations/0001_first.ts', 'migration'],
  ['schema.sql', 'schema'],
  ['api/openapi.v1.yaml', 'schema'],
  ['packages/a/package-lock.json', 'lockfile'],
  ['requirements-dev.txt', 'manifest'],
  ['.github/workflows/test.yml', 'ci'],
  ['deploy/api.Dockerfile', 'deployment'],
  ['Dockerfile.web', 'deployment'],
  ['docker-compose.prod.yml', 'deployment'],
  ['infra/main.tf', 'deployment'],
  ['vite.config.ts', 'configuration'],
  ['.env.example', 'configuration'],
  ['src/config.ts', null],
  ['src/migrations.ts', null],
  ['docs/compose.md', null],
])('%s is %s', (path, expected) => {
  expect(sensitivityOf(path)).toBe(expected)
})
