import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { render } from './render.ts'
import { plain, size } from './text.ts'

const look = { width: 80, colors: false }
const page = { pagination: { nextCursor: null, limit: 50 } }
const repository = {
  id: 'repo_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'honojs/hono',
  source: `https://example.org/${'long/'.repeat(40)}`,
  ref: null,
  status: 'ready',
  indexedCommit: '0123456789abcdef0123456789abcdef01234567',
  indexedAt: '2026-01-01T00:00:00.000Z',
  files: 12,
  sizeBytes: 34_567,
  latestRun: null,
  createdAt: '2026-01-01T00:00:00.000Z',
}
const match = {
  repository: 'app',
  path: 'src/a.ts',
  line: 7,
  column: 7,
  snippet: 'const lighthouse = lighthouse()',
  ranges: [
    { start: 6, end: 16 },
    { start: 19, end: 29 },
  ],
}
const found = { matches: [match, { ...match, line: 9 }], total: 5, truncated: false, tookMs: 1.5 }

describe('what people see', () => {
  it('fits the width of the terminal', () => {
    const text = render('repositories.list', { data: [repository], meta: page }, look)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    expect(text).toContain('honojs/hono')
  })

  it('says what to do when there is nothing, and how to see more', () => {
    expect(render('repositories.list', { data: [], meta: page }, look)).toContain('tenon repos add')
    const more = { pagination: { nextCursor: 'next-one', limit: 1 } }
    expect(render('repositories.list', { data: [repository], meta: more }, look)).toContain('--cursor next-one')
  })

  it('groups matches by file, and marks every occurrence where there are colours', () => {
    const text = render('search.code', { data: found, meta: page }, look)
    expect(text.match(/app\/src\/a\.ts/g)).toHaveLength(1)
    expect(text).toContain('2 of 5')
    const colored = render('search.code', { data: found, meta: page }, { ...look, colors: true })
    expect(colored.split('\u001b[33mlighthouse\u001b[39m')).toHaveLength(5)
    expect(stripVTControlCharacters(colored)).toBe(text)
  })

  it('lets no text of others act on the terminal', () => {
    const evil = '\u001b[2J\u001b]0;title\u0007\r\u009b31m\u202eabc'
    const snippet = `${evil}lighthouse`
    const ranges = [{ start: snippet.indexOf('lighthouse'), end: snippet.length }]
    const texts = [
      plain(evil),
      render(
        'search.code',
        { data: { ...found, matches: [{ ...match, path: evil, snippet, ranges }] }, meta: page },
        look,
      ),
      render('repositories.list', { data: [{ ...repository, name: evil }], meta: page }, look),
      render('runs.logs', { data: [{ at: repository.createdAt, level: 'info', message: evil }], meta: page }, look),
    ]
    for (const text of texts) expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    expect(texts[1]).toContain('lighthouse')
  })

  it('writes sizes in the unit that fits', () => {
    expect([0, 999, 1000, 1_500_000].map(size)).toEqual(['0 B', '999 B', '1.0 kB', '1.5 MB'])
  })
})
