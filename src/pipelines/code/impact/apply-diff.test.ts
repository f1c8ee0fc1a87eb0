import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { temporaryFolder } from '../../../../test/support/temporary-folder.ts'
import { applyDiff } from './apply-diff.ts'
import { parseDiff, type Hunk } from './diff.ts'

const folder = temporaryFolder('diff')
afterAll(() => folder.remove())

/** What git says; empty when the texts are the same. */
function diffOf(before: string, after: string, context = 3): string {
  const [old, now] = [join(folder.path, 'old'), join(folder.path, 'new')]
  writeFileSync(old, before)
  writeFileSync(now, after)
  const args = ['diff', '--no-index', '--no-color', '--no-ext-diff', `-U${context}`, 'old', 'new']
  try {
    return execFileSync('git', args, { cwd: folder.path, encoding: 'utf8' })
  } catch (error) {
    // It exits with 1 when there is a difference.
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string') return error.stdout
    throw error
  }
}

function hunksOf(diff: string): readonly Hunk[] {
  return diff === '' ? [] : parseDiff(diff).flatMap((file) => file.hunks)
}

const line = fc.oneof(
  fc.constantFrom('', ' ', '-', '--- a/x', '+++ b/x', '\\', '@@ -1 +1 @@'),
  fc.string({ maxLength: 3 }),
)
const textOf = fc
  .tuple(fc.array(fc.tuple(line, fc.constantFrom('\n', '\n', '\r\n')), { maxLength: 40 }), line)
  .map(([lines, last]) => lines.map((one) => one.join('')).join('') + last)
  // Git takes it for binary.
  .filter((text) => !text.includes('\0'))
const pair = fc.oneof(
  fc.tuple(textOf, textOf),
  // Alike, so that there is context.
  fc.tuple(textOf, fc.array(fc.tuple(fc.nat(60), line), { maxLength: 4 })).map(([text, edits]) => {
    const lines = text.split('\n')
    for (const [at, other] of edits) lines.splice(at % lines.length, at % 3, other)
    return [text, lines.join('\n')] as const
  }),
)

describe('a diff by git', () => {
  it.each([0, 1, 3])('leads from one text to the other and back, with %i lines of context', (context) => {
    fc.assert(
      fc.property(pair, ([before, after]) => {
        const hunks = hunksOf(diffOf(before, after, context))
        expect(applyDiff(before, hunks, 'forward')).toBe(after)
        expect(applyDiff(after, hunks, 'backward')).toBe(before)
      }),
      { numRuns: 60, seed: 7 },
    )
  })

  it('applies where lines have been put before and behind it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 9 }), fc.nat(9), (numbers, end) => {
        const above = numbers.map((number) => `above ${number}\n`).join('')
        const below = 'below\n'.repeat(end)
        expect(applyDiff(`${above}${LONG}${below}`, EDIT, 'forward')).toBe(`${above}${EDITED}${below}`)
        expect(applyDiff(`${above}${EDITED}${below}`, EDIT, 'backward')).toBe(`${above}${LONG}${below}`)
      }),
    )
  })
})

const LONG = Array.from({ length: 30 }, (_, i) => `line ${i}\n`).join('')
const EDITED = LONG.replace('line 10\n', 'other\n').replace('line 20\n', '')
const EDIT = hunksOf(diffOf(LONG, EDITED))

describe('a diff', () => {
  const cases: readonly (readonly [string, string, string | null])[] = [
    ['applies to the text that it was made of', LONG, EDITED],
    ['does not apply to the text that it leads to', EDITED, null],
    ['does not apply where context differs', LONG.replace('line 8\n', 'line eight\n'), null],
    ['does not apply where a line has gone', LONG.replace('line 22\n', ''), null],
    ['does not apply to nothing', '', null],
    ['applies to a text with other ends of lines', LONG.replaceAll('\n', '\r\n'), EDITED.replaceAll('\n', '\r\n')],
  ]
  it.each(cases)('%s', (_, text, expected) => {
    expect(applyDiff(text, EDIT, 'forward')).toBe(expected)
  })

  it('that begins with the text does not apply further down', () => {
    const hunks = hunksOf(diffOf('a\nb\nc\nd\n', 'x\nb\nc\nd\n'))
    expect(applyDiff('new\na\nb\nc\nd\n', hunks, 'forward')).toBeNull()
  })

  it('applies to the nearest of several places', () => {
    const part = 'begin\nx\nend\n'
    const hunks = hunksOf(diffOf(`1\n2\n${part}3\n4\n`, `1\n2\n${part.replace('x', 'y')}3\n4\n`, 1))
    expect(applyDiff(`1\n${part}2\n2\n2\n2\n${part}`, hunks, 'forward')).toBe(
      `1\n${part.replace('x', 'y')}2\n2\n2\n2\n${part}`,
    )
  })

  it('without a line feed at its end does not apply to a text with one', () => {
    const hunks = hunksOf(diffOf('a\nb', 'a\nc'))
    expect([applyDiff('a\nb', hunks, 'forward'), applyDiff('a\nb\n', hunks, 'forward')]).toEqual(['a\nc', null])
  })

  it('is given up in moments when the text is too much like itself', () => {
    const lines = [...Array.from({ length: 50_000 }, () => ' a'), '-b', ' c']
    const hunk: Hunk = { oldStart: 9, newStart: 9, lines, oldEndsOpen: false, newEndsOpen: false }
    const start = performance.now()
    expect(applyDiff('a\n'.repeat(300_000), [hunk], 'forward')).toBeNull()
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
