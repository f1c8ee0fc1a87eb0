import { describe, expect, it } from 'vitest'
import { dependenciesOf, impactOf, specReportOf } from '../../../test/support/graph-answers.ts'
import { render } from './render.ts'

const look = { width: 80, colors: false }
const via = (path: string, ...names: string[]) => ({ path, repository: 'app', line: 3, specifier: './x', names })
const file = { repository: 'app', language: 'typescript', kind: 'import', typeOnly: false, test: false } as const
const LONG = 'a sentence that is longer than what is left of a line of the terminal, so that it goes on below'
const cycles = [{ repository: 'app', size: 5, paths: ['src/a.ts', 'src/b.ts'] }]
const unknown = [{ path: 'src/x.rb', reason: 'language_unsupported', detail: LONG } as const]

const dependencies = dependenciesOf({
  targets: [{ repository: 'app', path: 'src/ctx.ts', symbol: 'Ctx', line: 12 }],
  nodes: [
    {
      ...file,
      path: 'src/call.ts',
      direction: 'dependent',
      distance: 1,
      typeOnly: true,
      via: via('src/ctx.ts', 'Ctx'),
    },
    {
      ...file,
      path: 'src/x.test.ts',
      direction: 'dependent',
      distance: 2,
      test: true,
      via: via('src/call.ts', 'Call'),
    },
    {
      ...file,
      path: 'src/ids.ts',
      direction: 'dependency',
      distance: 1,
      kind: 're-export',
      via: via('src/ctx.ts', '*'),
    },
  ],
  totals: { dependents: 14, dependencies: 1, cycles: 1, unresolved: 1 },
  truncated: true,
  cycles,
  externals: [{ specifier: 'zod', reason: 'external' }],
  unresolved: [{ path: 'src/ctx.ts', line: 9, specifier: null, reason: 'not_literal' }],
  unknown,
})

const impact = impactOf({
  changed: {
    files: [{ path: 'src/a.ts', previousPath: 'src/o.ts', change: 'renamed', language: 'typescript' }],
    symbols: [
      {
        path: 'src/a.ts',
        name: 'create',
        kind: 'function',
        change: 'signature',
        exported: true,
        line: 3,
        before: 'create(a: string)',
        after: 'create(a: number)',
      },
      {
        path: 'src/z.ts',
        name: 'asked',
        kind: 'class',
        change: 'named',
        exported: false,
        line: 1,
        before: null,
        after: null,
      },
    ],
  },
  dependents: [
    {
      repository: 'web',
      path: 'src/c.ts',
      distance: 2,
      via: via('src/b.ts', '*'),
      kind: 'dynamic',
      typeOnly: false,
      confidence: 'low',
      symbols: ['*'],
    },
  ],
  tests: [{ repository: 'app', path: 'src/b.test.ts', distance: 2, reason: 'src/b.test.ts → src/a.ts' }],
  endpoints: [
    {
      repository: 'app',
      kind: 'endpoint',
      method: 'GET',
      name: '/v1/things',
      title: 'things.list',
      path: 'src/app.ts',
      line: 30,
      distance: 3,
      reason: '',
    },
  ],
  jobs: [
    {
      repository: 'app',
      kind: 'job',
      method: null,
      name: 'nightly',
      title: null,
      path: 'src/jobs.ts',
      line: 3,
      distance: 1,
      reason: '',
    },
  ],
  cycles,
  totals: { files: 1, symbols: 2, dependents: 9, direct: 3, tests: 1, endpoints: 1, jobs: 1, cycles: 1 },
  risk: { level: 'high', factors: [{ name: 'signature_changed', level: 'high', detail: LONG }] },
  unknown,
  nextSteps: ['Run the tests.'],
})

const report = specReportOf({
  verdict: 'invalid',
  totals: { errors: 1, warnings: 0, infos: 0 },
  checked: ['modify_missing_file'],
  findings: [
    {
      rule: 'modify_missing_file',
      severity: 'error',
      path: 'src/x.ts',
      message: LONG,
      evidence: [{ path: 'src/y.ts', line: 4, text: LONG }],
      fix: 'Create it.',
    },
  ],
  conventions: [{ name: 'file_names', value: 'kebab-case', followed: 95, of: 97 }],
  unknown,
})

const ANSWERS = [
  ['dependencies.search', dependencies],
  ['impact.analyze', impact],
  ['specs.validate', report],
] as const

function linesOf(operation: string, data: unknown, colors = false): string[] {
  return render(operation, { data }, { ...look, colors }).split('\n')
}

describe('what is told from imports', () => {
  it('keeps within the width, coloured or not', () => {
    for (const [operation, data] of ANSWERS) {
      const lines = linesOf(operation, data)
      expect(lines.filter((line) => line.length > look.width)).toEqual([])
      expect(render(operation, { data }, { width: Number.POSITIVE_INFINITY, colors: false })).toContain(LONG)
      const coloured = linesOf(operation, data, true).join('\n')
      expect(coloured).toContain('\u001b[1m')
      // oxlint-disable-next-line no-control-regex
      expect(coloured.replaceAll(/\u001b\[\d+m/g, '')).toBe(lines.join('\n'))
    }
  })

  it('hands nothing of a repository to the terminal that it would act on', () => {
    for (const [operation, data] of ANSWERS) {
      const hostile: unknown = JSON.parse(JSON.stringify(data), (key, value: unknown) =>
        typeof value === 'string' &&
        !['level', 'severity', 'verdict', 'change', 'direction', 'indexedCommit'].includes(key)
          ? `\u001b]0;x\u0007${value}\r\u202e`
          : value,
      )
      // oxlint-disable-next-line no-control-regex
      expect(render(operation, { data: hostile }, look)).not.toMatch(/[\u001b\u0007\r\u202e]/)
    }
  })
})

describe('dependencies', () => {
  it('stand in their direction, nearest first, each with the import it was reached by', () => {
    const text = linesOf('dependencies.search', dependencies)
    for (const line of [
      'Ctx in src/ctx.ts:12',
      'Depend on it: 14 files, 2 shown',
      '  1  src/call.ts    types · Ctx',
      '  2  src/x.test.ts  test · Call · through src/call.ts',
      'It depends on: 1 file',
      '  1  src/ids.ts  re-export · *',
      '  5 files: src/a.ts, src/b.ts and 3 more',
      '  src/ctx.ts:9  computed  not literal',
      '  language unsupported  src/x.rb',
      'There is more: raise --depth or --limit.',
    ])
      expect(text).toContain(line)
  })

  it('that were not found are told from those that can not be', () => {
    expect(linesOf('dependencies.search', dependenciesOf())).toContain('Nothing was found.')
    const text = linesOf('dependencies.search', dependenciesOf({ unknown }))
    expect(text).toContain('Nothing was found, yet not everything could be told.')
  })
})

describe('the impact of a change', () => {
  it('begins with the risk and ends with what to do', () => {
    const text = linesOf('impact.analyze', impact)
    expect(text[0]).toMatch(/^Risk: high {2}app at 0123456789/)
    for (const line of [
      '  high    signature changed',
      '  renamed   src/a.ts from src/o.ts',
      '    signature  create function',
      '      - create(a: string)',
      '      + create(a: number)',
      '  src/z.ts',
      '    named      asked class, not exported',
      'Depend on it: 9 files, 1 shown, 3 direct',
      '  2  low  web: src/c.ts  dynamic · through src/b.ts',
      'Tests to run: 1 file',
      '  src/b.test.ts',
      '  GET /v1/things  things.list  src/app.ts:30',
      '  nightly  src/jobs.ts:3',
      '  → Run the tests.',
    ])
      expect(text).toContain(line)
  })

  it('is said to be none only when everything could be told', () => {
    expect(linesOf('impact.analyze', impactOf())).toContain('No other file depends on it.')
    expect(linesOf('impact.analyze', impactOf({ unknown }))).not.toContain('No other file depends on it.')
  })
})

describe('the check of a plan', () => {
  it('says of each finding where it is, what shows it and what to do', () => {
    const text = linesOf('specs.validate', report)
    for (const line of [
      'The plan is invalid  1 error, 0 warnings, 0 notes',
      'error  src/x.ts  modify_missing_file',
      '  → Create it.',
      '  file names  kebab-case  95 of 97',
    ])
      expect(text).toContain(line)
    expect(text.find((line) => line.startsWith('  src/y.ts:4'))).toMatch(/…$/)
  })
})
