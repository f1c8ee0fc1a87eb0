import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { METRICS } from './alerts.ts'
import { FINDING_KINDS, ORPHAN_KINDS } from './finding-kinds.ts'
import { CHECKS } from './reconcile.ts'

const guide = readFileSync(new URL('../../docs/guide/reconcile.md', import.meta.url), 'utf8')

/** The rows of the table below such a head. */
function rowsBelow(head: string): string[] {
  const [, below = ''] = guide.split(`${head}\n`)
  return (below.split('\n\n')[0] ?? '').split('\n').slice(1)
}

describe('the guide of the reconciliation', () => {
  it('has every kind of finding, with its cause and what to do', () => {
    const expected = Object.entries(FINDING_KINDS).map(
      ([kind, { severity, cause, recovery }]) => `| \`${kind}\` | ${severity} | ${cause} | ${recovery} |`,
    )
    expect(rowsBelow('| kind | severity | cause | recovery |')).toEqual(expected)
  })

  it('has every kind of orphan', () => {
    const expected = Object.entries(ORPHAN_KINDS).map(
      ([kind, { cause, recovery }]) => `| \`${kind}\` | ${cause} | ${recovery} |`,
    )
    expect(rowsBelow('| orphan | cause | recovery |')).toEqual(expected)
  })

  it('has every metric with its floor, and every check', () => {
    const metrics = Object.entries(METRICS).map(([metric, { what, floor }]) => `| \`${metric}\` | ${what} | ${floor} |`)
    expect(rowsBelow('| metric | counts, by organisation and UTC hour | floor |')).toEqual(metrics)
    const checks = rowsBelow('| check | compares | mends by itself |').map((row) => /`(\w+)`/.exec(row)?.[1])
    expect(new Set(checks)).toEqual(new Set(Object.keys(CHECKS)))
  })
})
