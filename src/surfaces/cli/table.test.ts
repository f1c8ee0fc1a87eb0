import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { listOf, table } from './table.ts'
import { columnsOf, cut, cutBegin } from './text-width.ts'

const look = (width: number) => ({ width, colors: false })
const linesOf = (text: string): string[] => text.trimEnd().split('\n')

describe('the width of a text', () => {
  it('is that of a terminal: wide characters take two columns, marks none', () => {
    const widths = {
      abc: 3,
      ключ: 4,
      日本語: 6,
      한국어: 6,
      한: 2,
      ｱｲｳ: 3,
      ＡＢ: 4,
      é: 1,
      'e\u0301': 1,
      'n\u0303o': 2,
      '😀': 2,
      '👩‍👩‍👧‍👦': 2,
      '🇩🇪': 2,
      '❤️': 2,
      '1️⃣': 2,
      '©': 1,
      '…–█': 3,
      'a\u200bb': 2,
    }
    expect(Object.fromEntries(Object.keys(widths).map((text) => [text, columnsOf(text)]))).toEqual(widths)
  })

  it('is kept to without breaking a character', () => {
    expect([cut('日本語です', 6), cut('日本語', 6), cut('👩‍👩‍👧‍👦👩‍👩‍👧‍👦', 3), cut('e\u0301e\u0301e\u0301', 2)]).toEqual([
      '日本…',
      '日本語',
      '👩‍👩‍👧‍👦…',
      'e\u0301…',
    ])
    expect(cutBegin('src/surfaces/cli/text.ts', 12)).toBe('…cli/text.ts')
  })
})

describe('a table', () => {
  const id = 'run_01jd2m5x8qf3v7w9y0z1a2b3c4'
  const rows = [
    [id, '12345678', '2026-01-01 10:11:12Z', 'a sentence that is much longer than what there is room for'],
    [id, '7', '2026-01-01 10:11:12Z', 'short'],
  ]

  it('keeps the fields of cron whole, and colours a status that somebody should look at', () => {
    const cells = [
      ['a schedule with a long name', '30 4 * * 1-5', 'failed', 'Europe/Berlin'],
      ['another one', '* * * * *', 'ready', 'UTC'],
    ]
    const head = ['NAME', 'CRON', 'STATUS', 'ZONE']
    const lines = linesOf(table(head, cells, look(42)))
    expect(lines[1]).toContain('  30 4 * * 1-5  failed  ')
    const colored = table(head, cells, { ...look(80), colors: true })
    expect(colored).toContain('\u001b[31mfailed\u001b[39m')
    expect(colored.split('mready')).toHaveLength(1)
    expect(stripVTControlCharacters(colored)).toBe(table(head, cells, look(80)))
  })

  it('cuts the widest texts, and never numbers, ids, times or the head', () => {
    const lines = linesOf(table(['ID', 'FILES', 'AT', 'WHAT'], rows, look(80)))
    for (const line of lines) expect(columnsOf(line)).toBeLessThanOrEqual(80)
    expect(lines[0]).toMatch(/^ID +FILES {2}AT +WHAT$/)
    for (const whole of [id, '12345678', '2026-01-01 10:11:12Z', 'a senten']) expect(lines[1]).toContain(whole)
    expect(lines[1]).toMatch(/…$/)
    expect(linesOf(table(['ID', 'FILES', 'AT', 'WHAT'], rows, look(20)))[1]).toMatch(
      new RegExp(`^${id} +12345678  2026-01-01 10:11:12Z  a s…$`),
    )
  })

  it('cuts nothing where there is no terminal', () => {
    const text = table(['ID', 'FILES', 'AT', 'WHAT'], rows, look(Number.POSITIVE_INFINITY))
    for (const cell of rows.flat()) expect(text).toContain(cell)
  })

  it('cuts a sentence before a word, and of a path the begin', () => {
    const cells = [['completed_with_errors', 'git/code/index', 'one two three four five six seven eight']]
    expect(linesOf(table(['STATUS', 'PIPELINE', 'NOTE'], cells, look(60)))[1]).toBe(
      'completed_with_errors  git/code/index  one two three four f…',
    )
    expect(linesOf(table(['STATUS', 'PIPELINE', 'NOTE'], cells, look(50)))[1]).toBe(
      'completed_with_errors  git/code/index  one two th…',
    )
    const path = 'src/surfaces/cli/completion/completion-words.ts'
    expect(linesOf(table(['PATH'], [[path]], look(30)))[1]).toBe('…ompletion/completion-words.ts')
  })

  it('leaves out a column that nothing stands in, and shows whole ids of several', () => {
    expect(linesOf(table(['A', 'B', 'C'], [['x', '', 'y']], look(80)))).toEqual(['A  C', 'x  y'])
    const ids = 'repo_01jd2m5x8q run_01jd2m5x8q'
    expect(linesOf(table(['IDS'], [[ids]], look(20)))[1]).toBe('repo_01jd2m5x8q …')
    expect(linesOf(table(['IDS'], [[ids]], look(30)))[1]).toBe(ids)
  })

  it('shares what is missing between columns that are as wide', () => {
    const cells = [['one two three four five six', 'one two three four five six']]
    expect(linesOf(table(['A', 'B'], cells, look(42)))[1]).toBe('one two three four …  one two three four …')
  })

  it('puts the end of numbers below each other, and wide characters into their column', () => {
    const cells = [
      ['日本語', '7', 'x'],
      ['abc', '1234', 'y'],
    ]
    expect(linesOf(table(['NAME', 'N', 'Z'], cells, look(80)))).toEqual([
      'NAME       N  Z',
      '日本語     7  x',
      'abc     1234  y',
    ])
  })

  it('says what to do when there is nothing', () => {
    expect(listOf([], look(80), 'Nothing yet.', ['A'], () => [])).toBe('Nothing yet.\n')
  })
})
