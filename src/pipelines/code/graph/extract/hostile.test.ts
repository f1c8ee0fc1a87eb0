import { describe, expect, it } from 'vitest'
import { extractFacts } from './extract.ts'

const lines = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n')

describe('a text that is made to be too much for a parser', () => {
  it.each([900, 5_000, 35_000])('is read with %i imports, which end the native parser by another way', (count) => {
    const { imports, incomplete } = extractFacts(
      lines(count, (i) => `import a${i} from 'x'`),
      'ts',
    )
    expect([imports.length, incomplete]).toEqual([count, false])
  })

  it.each([
    ['ts', '('.repeat(100_000)],
    ['tsx', '<a>'.repeat(100_000)],
    ['js', 'if(a)'.repeat(100_000)],
    ['py', '('.repeat(100_000)],
    ['sfc', `<script>${'['.repeat(100_000)}</script>`],
    ['ts', 'x'.repeat(1_000_001)],
  ] as const)('as %s ends nothing and is told to be incomplete', (dialect, text) => {
    expect(extractFacts(text, dialect).incomplete).toBe(true)
  })
})
