import { describe, expect, it } from 'vitest'
import type { Alert } from '../../contract/alerts.ts'
import { FINDING_KINDS, ORPHAN_KINDS } from '../../contract/finding-kinds.ts'
import type { Finding, Orphan } from '../../contract/findings.ts'
import type { ReconcileReport } from '../../contract/reconcile.ts'
import { render } from './render.ts'

const look = { width: 80, colors: false }
const at = new Date().toISOString()
const seen = { details: {}, firstSeenAt: at, lastSeenAt: at, resolvedAt: null } as const

const finding: Finding = {
  id: 'finding_01jd2m5x8qf3v7w9y0z1a2b3c4',
  kind: 'credit_drift',
  subject: 'ledger\u001b[31m',
  status: 'open',
  ...FINDING_KINDS.credit_drift,
  ...seen,
}
const orphan: Orphan = {
  id: 'orphan_01jd2m5x8qf3v7w9y0z1a2b3c4',
  system: 'stripe',
  kind: 'customer_twice',
  reference: 'cus_1',
  status: 'resolved',
  ...ORPHAN_KINDS.customer_twice,
  ...seen,
}
const report: ReconcileReport = {
  verdict: 'open',
  dryRun: true,
  stripe: true,
  orgs: 2,
  failed: 0,
  checks: [
    { check: 'ledger', checked: 2, found: 1, repaired: 0 },
    { check: 'people', checked: 3, found: 3, repaired: 0 },
  ],
  seen: [{ check: 'ledger', org: 'org_1', kind: 'credit_drift', subject: 'ledger', repaired: false }],
  nextCursor: null,
}
const narrow = (text: string): string[] => {
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(80)
  return text.split('\n')
}

describe('findings for people', () => {
  it('say what, why and what to do, without what a terminal would act on', () => {
    const lines = narrow(render('findings.list', { data: [finding] }, look))
    expect(lines[0]).toBe('critical  credit_drift  ledger')
    expect(lines.join(' ')).toContain('→ Stop the workers, keep a copy of the database')
    expect(render('findings.list', { data: [] }, look)).toContain('No findings')
  })

  it('that are over need no next step', () => {
    const text = render('orphans.list', { data: [orphan] }, look)
    expect(text).toMatch(/^stripe {2}customer_twice {2}cus_1\n/)
    expect(text).not.toContain('→')
    expect(text).toContain('resolved')
  })

  it('say whether they stay closed', () => {
    expect(render('findings.resolve', { data: { ...finding, status: 'ignored' } }, look)).toContain('It stays closed')
    expect(render('findings.resolve', { data: { ...finding, status: 'resolved' } }, look)).not.toContain('stays')
  })
})

describe('a reconciliation for people', () => {
  it('counts what is left, without what may be as somebody wants it', () => {
    const lines = narrow(render('reconcile.stripe', { data: report }, look))
    expect(lines.slice(0, 2)).toEqual(['1 left  2 organisations compared with Stripe', 'Dry run: nothing was changed.'])
    expect(lines.join('\n')).toMatch(/left +credit_drift +ledger +org_1/)
    expect(lines.join('\n')).toContain('Without --dry-run')
  })

  it('says that all is well, that it is not through, or that there is no Stripe', () => {
    const clean = { ...report, verdict: 'clean', dryRun: false, checks: [], seen: [] }
    expect(render('reconcile.stripe', { data: clean }, look)).toContain('Everything agrees')
    expect(render('reconcile.stripe', { data: { ...clean, stripe: false } }, look)).toContain('Stripe is not set up')
    const more = { ...clean, verdict: 'open', nextCursor: 'abc' }
    expect(render('reconcile.stripe', { data: more }, look)).toMatch(/^Not through yet[\s\S]*--cursor abc/)
  })

  it('was never done of a new organisation', () => {
    const data = { state: 'pending', reconciledAt: null, checked: 0, found: 0, repaired: 0 }
    expect(render('reconcile.get', { data }, look)).toMatch(/state +not compared yet.*\nlast compared +never\n/)
  })
})

describe('alerts for people', () => {
  it('stand in a line each', () => {
    const alert: Alert = {
      id: 'alert_01jd2m5x8qf3v7w9y0z1a2b3c4',
      metric: 'foreignIds',
      hour: '2026-11-21T20:00:00.000Z',
      count: 50,
      usual: 0,
      threshold: 10,
      raisedAt: at,
      webhook: 'none',
    }
    const lines = narrow(render('alerts.list', { data: [alert] }, look))
    expect(lines[1]).toMatch(/^2026-11-21 20:00:00Z +50 +0 +10 +Calls that name another organisation$/)
    expect(render('alerts.list', { data: [] }, look)).toContain('nothing was unusual')
  })
})
