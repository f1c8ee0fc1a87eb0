import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ALL_SCOPES } from '../../contract/scopes.ts'
import { render } from './render.ts'
import { plain, size, span } from './text.ts'

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
const found = { matches: [match, { ...match, line: 9 }], total: 5, truncated: false, unsearched: [], tookMs: 1.5 }

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

  it('cuts a long line where something was found in it, and keeps the marks on the finds', () => {
    const snippet = `${'x'.repeat(200)} lighthouse ${'y'.repeat(200)}`
    const ranges = [{ start: 201, end: 211 }]
    const data = { ...found, matches: [{ ...match, snippet, ranges }] }
    for (const width of [80, 140]) {
      const lines = render('search.code', { data, meta: page }, { width, colors: false }).split('\n')
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(width)
      expect(lines[1]).toMatch(/^ {5}7 {2}…x+ lighthouse y+…$/)
    }
    const colored = render('search.code', { data, meta: page }, { ...look, colors: true })
    expect(colored).toContain('\u001b[33mlighthouse\u001b[39m')
    expect(render('search.code', { data, meta: page }, { ...look, width: Number.POSITIVE_INFINITY })).toContain(snippet)
  })

  it('counts in words, and keeps a cursor in one piece', () => {
    const one = { data: { ...found, matches: [match], total: 1 }, meta: page }
    expect(render('search.code', one, look)).toContain('\n1 line, ')
    const cursor = 'c'.repeat(70)
    const more = { data: [repository], meta: { pagination: { nextCursor: cursor, limit: 1 } } }
    expect(render('repositories.list', more, look)).toContain(`add\n--cursor ${cursor}\n`)
  })

  it('says of a repository without an index why, or how to follow it', () => {
    const none = { ...repository, indexedCommit: null, indexedAt: null, latestRun: 'run_1' }
    expect(render('repositories.get', { data: { ...none, status: 'failed' } }, look)).toMatch(
      /\nSee why: tenon runs show run_1\n$/,
    )
    expect(render('repositories.get', { data: { ...none, status: 'indexing' } }, look)).toMatch(
      /\nFollow it: tenon runs watch run_1\n$/,
    )
    expect(render('repositories.list', { data: [none], meta: page }, look)).toMatch(/ready +– +– +–/)
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

const at = (seconds: number): string => new Date(Date.now() + seconds * 1000).toISOString()
const HOUR = 3600
const apiKey = {
  id: 'key_01jd2m5x8qf3v7w9y0z1a2b3c4',
  name: 'ci',
  hint: 'tn_live_Ab3d…',
  scopes: ['search:read', 'runs:read'],
  callsPerHour: null,
  lineage: 'key_01jd2m5x8qf3v7w9y0z1a2b3c4',
  createdAt: at(-200 * HOUR),
  expiresAt: null,
  lastUsedAt: null,
  rotatedAt: null,
  revokedAt: null,
}

describe('what people see of keys', () => {
  it('says of each what it is still good for', () => {
    const keys = [
      { ...apiKey, lastUsedAt: at(-300), name: 'a name as long as the longest that a key can have'.repeat(2) },
      { ...apiKey, expiresAt: at(720 * HOUR) },
      { ...apiKey, rotatedAt: at(-HOUR), expiresAt: at(23 * HOUR), lastUsedAt: at(-89 * 60) },
      { ...apiKey, expiresAt: at(-1) },
      { ...apiKey, expiresAt: at(HOUR), revokedAt: at(-1) },
    ]
    const lines = render('apiKeys.list', { data: keys, meta: page }, look).split('\n')
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
    const rows = lines.slice(1, 6).map((line) => line.slice(32).split(/ {2,}/))
    expect(rows[0]?.slice(0, 4)).toEqual(['…Ab3d…', 'active', '–', '5 min ago'])
    expect(rows[0]?.[4]).toMatch(/^a name as.*…$/)
    expect(rows.slice(1)).toEqual([
      ['…Ab3d…', 'active', 'in 30 d', '–', 'ci'],
      ['…Ab3d…', 'rotated', 'in 23 h', '89 min ago', 'ci'],
      ['…Ab3d…', 'expired', '–', '–', 'ci'],
      ['…Ab3d…', 'revoked', '–', '–', 'ci'],
    ])
  })

  it('shows a new key once, and what becomes of the one that it replaces', () => {
    const data = { ...apiKey, secret: 'tn_live_secret', callsPerHour: 5 }
    const made = render('apiKeys.create', { data }, look)
    expect(made).toMatch(/^tn_live_secret\n\nKeep it now/)
    expect(made).toContain('5 calls per hour')
    const rotated = render('apiKeys.rotate', { data }, look)
    expect(rotated).toMatch(/^tn_live_secret\n\nKeep it now[^]*24 hours more[^]*share their limits/)
    for (const line of rotated.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('says whose key it is and on which plan', () => {
    const org = { id: 'org_01jd2m5x8qf3v7w9y0z1a2b3c4', slug: 'demo', name: 'Demo', createdAt: at(0) }
    const scopes = 'api-keys:read api-keys:write audit:read limits:read repositories:read search:read'.split(' ')
    const text = render('me.get', { data: { org, plan: 'solo', apiKey: { ...apiKey, scopes } } }, look)
    expect(text).toMatch(/^organisation +Demo \(demo\)\norg +org_.*\nplan +solo\nkey +ci tn_live_Ab3d…\n/)
    expect(text).toMatch(/\nscopes +api-keys:read .*\n {14}repositories:read search:read\n$/)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const all = render('me.get', { data: { org, plan: 'solo', apiKey: { ...apiKey, scopes: ALL_SCOPES } } }, look)
    expect(all).toMatch(/scopes +all\n/)
  })
})

describe('what people see of limits and the audit trail', () => {
  it('has a row for each limit', () => {
    const limits = {
      callsPerHour: 1000,
      callsPerDay: 5000,
      concurrentRuns: 2,
      activeChunks: 4,
      runsPerDay: 70,
      repositories: 10,
    }
    const used = { callsPerHour: 12, callsPerDay: 40, concurrentRuns: 1, runsPerDay: 3, repositories: 10 }
    const resetsAt = { hour: at(42 * 60), day: at(11 * HOUR) }
    const text = render(
      'limits.get',
      { data: { plan: 'free', limits, overridden: ['runsPerDay'], used, resetsAt } },
      look,
    )
    expect(text.split('\n').map((line) => line.trimEnd().split(/ {2,}/))).toEqual([
      ['plan free'],
      [''],
      ['LIMIT', 'USED', 'OF', 'RESETS', 'SET BY'],
      ['calls per hour', '12', '1,000', 'in 42 min', 'plan'],
      ['calls per day', '40', '5,000', 'in 11 h', 'plan'],
      ['runs at once', '1', '2', '–', 'plan'],
      ['parts of runs at once', '–', '4', '–', 'plan'],
      ['runs per day', '3', '70', 'in 11 h', 'operator'],
      ['repositories', '10', '10', '–', 'plan'],
      [''],
    ])
  })

  it('says which plans there are, and marks what is used beyond a smaller one', () => {
    const limits = { callsPerHour: 1000, callsPerDay: 5000, repositories: 10, seats: 1 }
    const used = { callsPerHour: 0, callsPerDay: 0, repositories: 31, seats: 4 }
    const plans = { plan: 'solo', operatorPlan: 'free', subscribedPlan: 'solo', creditsPerMonth: 5000 }
    const resetsAt = { hour: at(42 * 60), day: at(11 * HOUR) }
    const over = ['repositories', 'seats']
    const text = render('limits.get', { data: { ...plans, limits, overridden: [], used, over, resetsAt } }, look)
    expect(text).toMatch(/^plan solo \(solo subscribed to, free from the operator\) · 5,000 credits per month\n/)
    expect(text).toMatch(/\nrepositories +31 ! +10 .*\nseats +4 ! +1 /)
    expect(text).toMatch(/\n! More is used than the plan allows: repositories, seats\./)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  })

  it('shortens ids where there is no room for them', () => {
    const entry = {
      seq: 7,
      at: '2026-01-01T10:11:12.345Z',
      action: 'apiKeys.rotate',
      outcome: 'done',
      code: null,
      actor: apiKey.id,
      address: '127.0.0.1',
      requestId: 'req',
      resources: { key: apiKey.id, id: apiKey.id.replace('c4', 'c5') },
      details: {},
      hash: '0'.repeat(64),
      previousHash: '1'.repeat(64),
    }
    const refused = {
      ...entry,
      outcome: 'refused',
      code: 'quota_exceeded',
      actor: 'root',
      resources: { key: 'x\u001b[2J' },
    }
    const data = [entry, refused]
    const text = render('audit.list', { data, meta: page }, look)
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
    const [, first = '', second = ''] = text.split('\n')
    expect(first.split(/ {2,}/)).toEqual(['2026-01-01 10:11:12Z', 'apiKeys.rotate', 'done', 'key_…b3c4', 'key_…b3c4 …'])
    expect(second).toMatch(/quota_exceeded {2}root +x$/)
    expect(render('audit.list', { data, meta: page }, { ...look, width: 200 })).toContain(
      `${apiKey.id}  ${Object.values(entry.resources).join(' ')}`,
    )
  })

  it('writes times in the unit that fits', () => {
    expect([-5, 12, 89, 90, 5400, 129_600].map(span)).toEqual(['0 s', '12 s', '89 s', '2 min', '2 h', '2 d'])
  })
})
