import { describe, expect, it } from 'vitest'
import { partOf } from './parts.ts'
import { attribute, type CpuProfile } from './profile.ts'

const root = 'file:///tenon'

describe('partOf', () => {
  const pg = `${root}/node_modules/pg-protocol/dist/parser.js`
  const cases = [
    ['the innermost module that has a part', ['node:net', pg, `${root}/src/pipelines/engine/get-run.ts`], 'query'],
    ['limits when they ask the database', [pg, `${root}/src/domains/limits/take.ts`], 'limits'],
    [
      'authentication when it asks',
      [`${root}/src/platform/db/database.ts`, `${root}/src/domains/identity/a.ts`],
      'auth',
    ],
    [
      'the output check',
      [`${root}/node_modules/zod/v4/core/parse.js`, `${root}/src/kernel/run-operation.ts`],
      'output',
    ],
    [
      'the parse of the input',
      [`${root}/node_modules/zod/v4/core/parse.js`, `${root}/src/kernel/parse-input.ts`],
      'input',
    ],
    ['HTTP of Node', ['', 'node:_http_outgoing'], 'http'],
    ['HTTP of Hono', [`${root}/node_modules/@hono/node-server/dist/index.mjs`], 'http'],
    ['the log', ['node:fs', `${root}/node_modules/pino/lib/tools.js`, `${root}/src/kernel/run-operation.ts`], 'log'],
    ['nothing known', ['node:internal/timers', `${root}/node_modules/pg-boss/src/index.js`], 'other'],
  ] as const
  for (const [what, stack, part] of cases) it(`finds ${what}`, () => expect(partOf(stack)).toBe(part))
})

describe('attribute', () => {
  const frame = (functionName: string, url = '') => ({ functionName, url, lineNumber: 6 })
  const profile: CpuProfile = {
    startTime: 1000,
    nodes: [
      { id: 1, callFrame: frame('(root)'), children: [2, 3, 4, 5] },
      { id: 2, callFrame: frame('(idle)') },
      { id: 3, callFrame: frame('(garbage collector)') },
      { id: 4, callFrame: frame('(program)') },
      { id: 5, callFrame: frame('answer', `${root}/src/surfaces/rest/app.ts`), children: [6] },
      { id: 6, callFrame: frame('stringify') },
    ],
    // At 1000, 1100 … 1600, each until the next.
    samples: [5, 6, 6, 2, 4, 3, 5],
    timeDeltas: [0, 100, 100, 100, 100, 100, 100],
  }

  it('shares the busy time of the window out', () => {
    const { shares, functions } = attribute(profile, { from: 1050, to: 1590 })
    expect(shares).toMatchObject({ http: 0.5, native: 0.25, gc: 0.25, query: 0 })
    expect(functions[0]).toEqual({
      name: 'stringify [native] in answer src/surfaces/rest/app.ts:7',
      share: 'http',
      fraction: 0.5,
    })
  })

  it('refuses a window without samples', () => {
    expect(() => attribute(profile, { from: 5000, to: 6000 })).toThrow('no sample')
  })
})
